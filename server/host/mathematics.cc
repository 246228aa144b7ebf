#include "server/host/mathematics.h"

extern "C" double log(double value) {
  return weir::natural_log(value);
}

extern "C" double exp(double value) {
  return weir::exponential(value);
}

extern "C" double round(double value) {
  return weir::nearest_whole(value);
}
