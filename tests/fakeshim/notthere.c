/* notthere.c - the library that the loader will not find
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
int fakeshim_not_there (void);

int
fakeshim_not_there (void)
{
  return 0;
}
