/* The kernel's packet filter, over its own netlink protocol: no program of it has to be installed. */
#pragma once

/* Removes the table `name` of the inet family, with all that is in it, in a network namespace. The calling thread is in
   that namespace from then on: give it one that ends.
   Returns 0 or the negative of an errno value; -ENOENT where there is no such table. */
int blt_nft_delete_table(int network_namespace, const char *name);
