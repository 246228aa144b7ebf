#include "server/propagation.h"

namespace weir {

void Propagation::pass_on(uint32_t db, std::span<const std::string_view> argv, Told& told) {
  if (told.is_relayed) relay(db, argv);
  if (told.is_verbatim && told.changes > 0) told.forms.emplace_back(argv.begin(), argv.end());
  if (told.forms.empty()) return;
  for (WriteListener* const listener : listeners_)
    listener->written(db, told.forms);
}

void Propagation::begin_unit() {
  for (WriteListener* const listener : listeners_)
    listener->unit_begins();
}

void Propagation::end_unit() {
  for (WriteListener* const listener : listeners_)
    listener->unit_ends();
}

void Propagation::relay(uint32_t db, std::span<const std::string_view> argv) {
  const WriteForm form(argv.begin(), argv.end());
  for (WriteListener* const listener : listeners_)
    listener->relayed(db, form);
}

void Propagation::tell(uint32_t db, const WriteForm& form) {
  for (WriteListener* const listener : listeners_)
    listener->written(db, {&form, 1});
}

}  // namespace weir
