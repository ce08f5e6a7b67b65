/* tsregistry.h - the models that this process has loaded, by what they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsinstance.h"

G_BEGIN_DECLS

/* The instance with these settings, loaded now unless another user has it already;
 * whoever comes while it loads waits for it.  Without @id, all settings and the files
 * that they name must be the same.  With one, the instance of that name: it must have
 * the same settings, or @options name no model, which means that of the others.  With
 * @replaces it gets these settings: who has the instance of before keeps that, and who
 * comes from now on gets this one.
 * Give it back with ts_registry_release(); the last one to do so frees it.
 * Errors: as ts_instance_new(), and TS_ERROR_CONFIG if @id has other settings. */
TsInstance *ts_registry_acquire (const gchar * id,
    gboolean replaces, const TsInstanceOptions * options, GError ** error);
void ts_registry_release (TsInstance * instance);

/* Instances that are loaded or being loaded. */
guint ts_registry_get_n_instances (void);

/* The users of an instance. */
guint ts_registry_get_n_users (const TsInstance * instance);

G_END_DECLS
