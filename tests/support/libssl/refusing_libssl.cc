// A libssl.so.3 that has every function which the server looks up, and cannot be initialised: each
// does nothing and returns 0.
#include "server/net/openssl.h"

// OpenSSL's headers declare them already, so here they have names of ours.
#define WEIR_REFUSING(name)                    \
  extern "C" int refusing_##name() asm(#name); \
  int refusing_##name() {                      \
    return 0;                                  \
  }

WEIR_SSL_FUNCTIONS(WEIR_REFUSING)
