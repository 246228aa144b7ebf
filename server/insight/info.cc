#include "server/insight/info.h"

#include <algorithm>
#include <cstdio>

#include "server/clock.h"
#include "server/context.h"
#include "server/data/keyspace.h"
#include "server/insight/info_section.h"
#include "server/text.h"

namespace weir {
namespace {

void add_modules(const Context&, Section&) {}

void add_cluster(const Context&, Section& section) {
  section.add("cluster_enabled", "0");
}

void add_keyspace(const Context& context, Section& section) {
  for (const Database& db : context.keyspace.databases()) {
    if (db.size() == 0) continue;
    const ExpiryHeap& expiries = db.expiries();
    section.add("db" + std::to_string(db.index()),
                "keys=" + std::to_string(db.size()) +
                    ",expires=" + std::to_string(expiries.size()) +
                    ",avg_ttl=" + std::to_string(expiries.mean_ttl_ms(context.clock.unix_ms())));
  }
}

struct SectionRow {
  std::string_view name;
  std::string_view title;
  bool by_default;
  void (*add)(const Context&, Section&);
};

constexpr SectionRow kSections[] = {
    {"server", "Server", true, add_server_info},
    {"clients", "Clients", true, add_client_info},
    {"memory", "Memory", true, add_memory_info},
    {"persistence", "Persistence", true, add_persistence_info},
    {"stats", "Stats", true, add_stats_info},
    {"replication", "Replication", true, add_replication_info},
    {"cpu", "CPU", true, add_cpu_info},
    {"modules", "Modules", true, add_modules},
    {"commandstats", "Commandstats", false, add_command_stats},
    {"errorstats", "Errorstats", true, add_error_stats},
    {"latencystats", "Latencystats", false, add_latency_stats},
    {"cluster", "Cluster", true, add_cluster},
    {"keyspace", "Keyspace", true, add_keyspace},
};

bool is_wanted(const SectionRow& row, std::span<const std::string_view> wanted) {
  if (wanted.empty()) return row.by_default;
  return std::any_of(wanted.begin(), wanted.end(), [&row](std::string_view name) {
    return equals_ignoring_case(name, row.name) || equals_ignoring_case(name, "all") ||
           equals_ignoring_case(name, "everything") ||
           (row.by_default && equals_ignoring_case(name, "default"));
  });
}

}  // namespace

Section& Section::add(std::string_view name, std::string_view value) {
  text_ += name;
  text_ += ':';
  text_ += value;
  text_ += "\r\n";
  return *this;
}

Section& Section::add_real(std::string_view name, const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return add(name, text);
}

Section& Section::add_all(std::string_view value, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    add(name, value);
  return *this;
}

std::string info_text(const Context& context, std::span<const std::string_view> wanted) {
  std::string text;
  for (const SectionRow& row : kSections) {
    if (!is_wanted(row, wanted)) continue;
    Section section;
    row.add(context, section);
    if (!text.empty()) text += "\r\n";
    text += "# ";
    text += row.title;
    text += "\r\n";
    text += section.text();
  }
  return text;
}

}  // namespace weir
