#include "tests/support/describe_keyspace.h"

#include <stdexcept>

#include "tests/support/describe_stream.h"

namespace weir::testing {
namespace {

std::string title(uint32_t db, std::string_view key, std::optional<int64_t> deadline_ms) {
  return std::to_string(db) + " " + std::string(key) + " " +
         (deadline_ms ? std::to_string(*deadline_ms) : "-");
}

void add(KeyTexts& texts, std::string title, std::string text) {
  if (!texts.emplace(title, std::move(text)).second) throw std::logic_error("twice: " + title);
}

}  // namespace

KeyTexts describe(Keyspace& keyspace) {
  KeyTexts texts;
  for (const Database& db : keyspace.databases()) {
    db.keys().for_each([&](const KeyEntry& entry) {
      add(texts, title(db.index(), entry.key(), db.deadline_ms(entry)),
          describe(entry.stream) + describe_times(entry.stream));
    });
  }
  return texts;
}

void add_description(const SnapshotKey& key, KeyTexts& texts) {
  add(texts, title(key.db, key.name, key.deadline_ms), describe(key.stream.view()));
}

std::string difference(const KeyTexts& found, const KeyTexts& expected) {
  const auto text_in = [](const KeyTexts& texts, const std::string& title) {
    const auto at = texts.find(title);
    return at == texts.end() ? std::string("nothing") : at->second;
  };
  KeyTexts all = found;
  all.insert(expected.begin(), expected.end());
  for (const auto& [title, text] : all) {
    const std::string one = text_in(found, title);
    const std::string other = text_in(expected, title);
    if (one == other) continue;
    std::string difference = title;
    for (const std::string_view part : {std::string_view("\nfound:\n"), std::string_view(one),
                                        std::string_view("\nexpected:\n"), std::string_view(other)})
      difference += part;
    return difference;
  }
  return {};
}

}  // namespace weir::testing
