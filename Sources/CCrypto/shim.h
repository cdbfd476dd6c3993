#pragma once
/* The block functions are deprecated in favour of EVP, whose providers would add megabytes to the binary. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
