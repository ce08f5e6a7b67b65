/* mlpkg.c - makes, checks and measures model packages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mlpkg.h"

#include <locale.h>
#include <stdio.h>

#include "report.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2

static const MlpkgCommand *const commands[] = {
  &mlpkg_create, &mlpkg_info, &mlpkg_validate, &mlpkg_pack, &mlpkg_unpack,
  &mlpkg_sign, &mlpkg_verify, &mlpkg_bench
};

static gboolean as_json;

static const GOptionEntry common_entries[] = {
  {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Answer in JSON", NULL},
  {NULL}
};

static void
print_usage (FILE * file)
{
  fputs ("Usage: mlpkg COMMAND [OPTION...] ARGUMENTS\n\n", file);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (file, "  mlpkg %-8s %-19s %s\n", commands[i]->name,
        commands[i]->arguments, commands[i]->summary);
  fputs ("\n\"mlpkg COMMAND --help\" lists a command's options.\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage.\n", file);
}

static const MlpkgCommand *
find_command (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (commands[i]->name, name) == 0)
      return commands[i];
  return NULL;
}

/* @argv keeps what is no option, without the program and the command. */
static gboolean
parse (const MlpkgCommand * command, gchar *** argv, GError ** error)
{
  g_autofree gchar *name = g_strdup_printf ("mlpkg %s", command->name);
  g_autoptr (GOptionContext) context =
      g_option_context_new (command->arguments);

  g_set_prgname (name);
  g_option_context_set_summary (context, command->summary);
  g_option_context_add_main_entries (context, command->entries, NULL);
  g_option_context_add_main_entries (context, common_entries, NULL);
  if (!g_option_context_parse_strv (context, argv, error))
    return FALSE;
  if ((gint) g_strv_length (*argv) == command->n_arguments + 1)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "expected: mlpkg %s [OPTION...] %s", command->name, command->arguments);
  return FALSE;
}

static gint
fail (GError * error, gint status)
{
  if (as_json)
    report_print_error (error);
  else
    fprintf (stderr, "mlpkg: %s\n", error->message);
  g_error_free (error);
  return status;
}

static gint
run (const MlpkgCommand * command, gchar *** argv)
{
  g_autoptr (JsonObject) report = json_object_new ();
  GError *error = NULL;

  if (!parse (command, argv, &error))
    return fail (error, EXIT_USAGE);
  if (!command->run (*argv + 1, report, &error))
    return fail (error, EXIT_FAILED);
  report_print (report, as_json);
  if (fflush (stdout) == 0)
    return 0;
  perror ("mlpkg: cannot write the answer");
  return EXIT_FAILED;
}

gint
main (gint argc, gchar ** argv)
{
  const MlpkgCommand *command = find_command (argv[1]);
  g_auto (GStrv) arguments = NULL;

  setlocale (LC_ALL, "");
  if (command) {
    /* The command stands for the program's name. */
    arguments = g_strdupv (argv + 1);
    return run (command, &arguments);
  }
  if (argc == 2 && g_str_equal (argv[1], "--version")) {
    puts ("mlpkg " VERSION);
    return 0;
  }
  if (argc == 2 && (g_str_equal (argv[1], "--help")
          || g_str_equal (argv[1], "help"))) {
    print_usage (stdout);
    return 0;
  }
  print_usage (stderr);
  return EXIT_USAGE;
}
