# mlpkg.bash - completes the words of mlpkg in bash
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Commands and options are what the tool lists, so that there is one list of them.

_mlpkg ()
{
  local word=${COMP_WORDS[COMP_CWORD]} words
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    words=$("$1" --help 2>/dev/null | sed -n 's/^  [^ ]* \([a-z]*\) .*/\1/p')
  elif [[ $word == -* ]]; then
    words=$("$1" "${COMP_WORDS[1]}" --help 2>/dev/null |
      sed -n 's/^  \(-., \)\{0,1\}\(--[^ =]*=\{0,1\}\).*/\2/p')
  fi
  [ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$word"))
  # An option that takes a value is not finished.
  [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}

# Anything else is a file.
complete -o default -F _mlpkg mlpkg
