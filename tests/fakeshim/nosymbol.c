/* nosymbol.c - a module that is no shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
extern int fakeshim_is_no_shim;
int fakeshim_is_no_shim = 1;
