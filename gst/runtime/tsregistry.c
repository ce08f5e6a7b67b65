/* tsregistry.c - the models that this process has loaded, by what they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsregistry.h"

#include <string.h>

#include "../tserror.h"
#include "tsfilestamp.h"

typedef struct
{
  gchar *id;                    /* or NULL */
  gchar **settings;             /* "name=value" of all that makes it what it is */
  TsInstance *instance;         /* NULL while it loads, and if it could not be */
  GError *error;                /* why it could not */
  guint n_users;                /* those that wait for it included */
} Entry;

/* Both are guarded by the lock, which is not held while a model loads. */
static GMutex lock;
static GCond loaded;
static GPtrArray *entries;

static void
add_setting (GPtrArray * settings, const gchar * name, const gchar * value)
{
  g_ptr_array_add (settings, g_strdup_printf ("%s=%s", name,
          value ? value : ""));
}

static void
add_number (GPtrArray * settings, const gchar * name, gint64 value)
{
  g_ptr_array_add (settings, g_strdup_printf ("%s=%" G_GINT64_FORMAT, name,
          value));
}

/* One path may be written in several ways, and may hold something else by now. */
static void
add_path (GPtrArray * settings, const gchar * name, const gchar * path)
{
  g_autofree gchar *full = path ? g_canonicalize_filename (path, NULL) : NULL;
  g_autofree gchar *stamp = path ? ts_file_stamp (path) : NULL;
  g_autofree gchar *stamp_name = g_strconcat (name, " file", NULL);

  add_setting (settings, name, full);
  add_setting (settings, stamp_name, stamp);
}

/* All of @options: one that is left out here is shared by those who differ in it, and
 * for some that would be a hole.  Who adds one lists it, and corrects the size. */
#if GLIB_SIZEOF_VOID_P == 8
G_STATIC_ASSERT (sizeof (TsDetectorOptions) == 136);
#endif

static gchar **
list_settings (const TsInstanceOptions * options)
{
  const TsDetectorOptions *model = &options->model;
  GPtrArray *settings = g_ptr_array_new ();

  add_path (settings, "model", model->model);
  add_path (settings, "weights", model->weights);
  add_path (settings, "labels", model->labels);
  add_setting (settings, "device", model->device);
  add_setting (settings, "decoder", model->decoder);
  add_setting (settings, "output", model->output);
  add_setting (settings, "method", model->method);
  add_setting (settings, "custom-op-libs", model->op_libs);
  add_number (settings, "threads", model->threads);
  add_number (settings, "self-test", model->self_test);
  add_number (settings, "unsafe-operators", model->safety.unsafe_operators);
  add_path (settings, "trusted-keys", model->safety.trusted_keys);
  add_number (settings, "tune", model->tune);
  add_number (settings, "precision", model->precision);
  add_number (settings, "isolation", model->safety.isolated);
  add_number (settings, "forward-timeout", model->safety.forward_timeout_ms);
  add_number (settings, "load-timeout", model->safety.load_timeout_ms);
  add_number (settings, "max-restarts", model->safety.max_restarts);
  add_number (settings, "memory-limit", model->safety.memory_limit_mb);
  add_number (settings, "batch-size", options->batch_size);
  add_number (settings, "batch-timeout", options->batch_timeout_us / 1000);
  add_number (settings, "scheduling", options->scheduling);
  add_number (settings, "lanes", options->n_lanes);
  add_number (settings, "devices", options->all_devices);
  g_ptr_array_add (settings, NULL);
  return (gchar **) g_ptr_array_free (settings, FALSE);
}

static Entry *
find_entry (const gchar * id, gchar ** settings)
{
  for (guint i = 0; entries && i < entries->len; i++) {
    Entry *entry = g_ptr_array_index (entries, i);

    if (id ? g_strcmp0 (entry->id, id) == 0 : !entry->id
        && g_strv_equal ((const gchar * const *) entry->settings,
            (const gchar * const *) settings))
      return entry;
  }
  return NULL;
}

static gboolean
check_settings (const Entry * entry, gchar ** settings, GError ** error)
{
  for (guint i = 0; settings[i]; i++)
    if (!g_str_equal (settings[i], entry->settings[i])) {
      g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
          "the model instance '%s' is there already with %s, but is asked for "
          "with %s; give both the same settings, or another "
          "model-instance-id, or leave the model unset to share it as it is",
          entry->id, entry->settings[i], settings[i]);
      return FALSE;
    }
  return TRUE;
}

static Entry *
add_entry (const gchar * id, gchar ** settings)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->id = g_strdup (id);
  entry->settings = g_strdupv (settings);
  if (!entries)
    entries = g_ptr_array_new ();
  g_ptr_array_add (entries, entry);
  return entry;
}

static void
unref_entry (Entry * entry)
{
  if (--entry->n_users > 0)
    return;
  g_ptr_array_remove (entries, entry);
  if (entries->len == 0)
    g_clear_pointer (&entries, g_ptr_array_unref);
  g_clear_error (&entry->error);
  g_strfreev (entry->settings);
  g_free (entry->id);
  g_free (entry);
}

/* Called and left with the lock held. */
static void
load (Entry * entry, const TsInstanceOptions * options)
{
  GError *error = NULL;
  TsInstance *instance;

  g_mutex_unlock (&lock);
  instance = ts_instance_new (options, &error);
  g_mutex_lock (&lock);
  entry->instance = instance;
  entry->error = error;
  g_cond_broadcast (&loaded);
}

static TsInstance *
use_entry (Entry * entry, const TsInstanceOptions * options, GError ** error)
{
  if (entry->n_users++ == 0)
    load (entry, options);
  while (!entry->instance && !entry->error)
    g_cond_wait (&loaded, &lock);
  if (entry->instance)
    return entry->instance;
  g_propagate_error (error, g_error_copy (entry->error));
  unref_entry (entry);
  return NULL;
}

TsInstance *
ts_registry_acquire (const gchar * id, gboolean replaces,
    const TsInstanceOptions * options, GError ** error)
{
  gboolean names_model = options->model.model && *options->model.model;
  g_auto (GStrv) settings = list_settings (options);
  TsInstance *instance = NULL;
  Entry *entry;

  g_mutex_lock (&lock);
  entry = find_entry (id, settings);
  if (entry && id && replaces && names_model
      && !check_settings (entry, settings, NULL)) {
    g_clear_pointer (&entry->id, g_free);
    entry = NULL;
  }
  if (!entry)
    entry = add_entry (id, settings);
  if (!id || !names_model || check_settings (entry, settings, error))
    instance = use_entry (entry, options, error);
  g_mutex_unlock (&lock);
  return instance;
}

void
ts_registry_release (TsInstance * instance)
{
  TsInstance *unused = NULL;

  if (!instance)
    return;
  g_mutex_lock (&lock);
  for (guint i = 0; i < entries->len; i++) {
    Entry *entry = g_ptr_array_index (entries, i);

    if (entry->instance == instance) {
      unused = entry->n_users == 1 ? instance : NULL;
      unref_entry (entry);
      break;
    }
  }
  g_mutex_unlock (&lock);
  ts_instance_free (unused);
}

guint
ts_registry_get_n_instances (void)
{
  guint n;

  g_mutex_lock (&lock);
  n = entries ? entries->len : 0;
  g_mutex_unlock (&lock);
  return n;
}

guint
ts_registry_get_n_users (const TsInstance * instance)
{
  guint n = 0;

  g_mutex_lock (&lock);
  for (guint i = 0; entries && i < entries->len; i++) {
    const Entry *entry = g_ptr_array_index (entries, i);

    if (entry->instance == instance)
      n = entry->n_users;
  }
  g_mutex_unlock (&lock);
  return n;
}
