/* missinglib.c - a shim whose library is not installed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
int fakeshim_not_there (void);
int fakeshim_use (void);

int
fakeshim_use (void)
{
  return fakeshim_not_there ();
}
