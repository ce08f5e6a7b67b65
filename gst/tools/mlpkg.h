/* mlpkg.h - the commands of the mlpkg tool
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command parses its arguments and fills a report, which main() prints for
 * people or as JSON.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct
{
  const gchar *name;
  const gchar *arguments;       /* "MODEL", as the usage shows them */
  gint n_arguments;
  const gchar *summary;
  const GOptionEntry *entries;

  /* @arguments are those that are no options.  Errors: all of TsErrorCode. */
  gboolean (*run) (gchar ** arguments, JsonObject * report, GError ** error);
} MlpkgCommand;

extern const MlpkgCommand mlpkg_bench;
extern const MlpkgCommand mlpkg_create;
extern const MlpkgCommand mlpkg_info;
extern const MlpkgCommand mlpkg_pack;
extern const MlpkgCommand mlpkg_sign;
extern const MlpkgCommand mlpkg_unpack;
extern const MlpkgCommand mlpkg_validate;
extern const MlpkgCommand mlpkg_verify;

G_END_DECLS
