#include "server/key_removal.h"

#include "server/config.h"
#include "server/data/waiters.h"
#include "server/propagation.h"

namespace weir {

void KeyRemoval::removed(uint32_t db, std::string_view key, Removal why) {
  const bool is_lazy =
      why == Removal::kExpired ? settings_.lazyfree_lazy_expire : settings_.lazyfree_lazy_eviction;
  if (propagation_.is_heard()) propagation_.tell(db, {is_lazy ? "UNLINK" : "DEL", key});
  waiters_.signal_gone(db, key);
}

}  // namespace weir
