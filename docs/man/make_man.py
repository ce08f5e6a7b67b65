"""Writes the manual page of a tool from what the tool itself says of its options.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: make_man.py TOOL VERSION >TOOL.1
"""
import os
import re
import subprocess
import sys


def ask(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          env=dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="")).stdout


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def commands(tool):
    """[(name, arguments, summary)] of the lines that list them."""
    return re.findall(r"^  \w+ (\w+) +(\S.*?) +([A-Z][a-z].*)$", ask(tool, "--help"), re.M)


def options(tool, command):
    """[(option, summary)]; a help text that is empty gives an empty summary."""
    text = ask(tool, command, "--help").split("Application Options:")[1]
    return re.findall(r"^  ((?:-\w, )?--\S+)(?: +(.*))?$", text, re.M)


def page(tool, version):
    name = os.path.basename(tool)
    listed = commands(tool)
    yield f'.TH {name.upper()} 1 "" "gst\\-torchscript {version}" "User Commands"'
    yield f".SH NAME\n{name} \\- makes, checks and measures packages of TorchScript models"
    yield ".SH SYNOPSIS"
    for command, arguments, _ in listed:
        yield f".B {name} {command}\n.RI [ OPTION ...]\n.I {escape(arguments)}\n.br"
    yield ".SH DESCRIPTION"
    yield ("A package is a directory, or one zip file, with a TorchScript module and all that "
           "is\nneeded to run it: the input it takes, how its output is read, and the names of "
           "its\nclasses. The elements of gst\\-torchscript run such packages. A")
    yield ".I MODEL\nis a package or a TorchScript file."
    yield ".SH COMMANDS"
    for command, arguments, summary in listed:
        yield f".SS {name} {command} {escape(arguments)}\n{escape(summary)}."
        for option, meaning in options(tool, command):
            yield f".TP\n.B {escape(option)}\n{escape(meaning)}"
    yield ".SH EXIT STATUS"
    for status, meaning in (0, "done"), (1, "failed; the error says what to do"), (
            2, "wrong usage"):
        yield f".TP\n.B {status}\n{meaning}"
    yield ".SH SEE ALSO\n.BR gst\\-launch\\-1.0 (1),\n.BR gst\\-inspect\\-1.0 (1)"


print("\n".join(page(sys.argv[1], sys.argv[2])))
