// A section of INFO: lines of "name:value", and the functions that write each section.
//
// Constant fields stand for what this server does not do: the tools that read them want a number.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace weir {

struct Context;

class Section {
 public:
  Section& add(std::string_view name, std::string_view value);
  Section& add(std::string_view name, uint64_t value) { return add(name, std::to_string(value)); }
  Section& add_signed(std::string_view name, int64_t value) {
    return add(name, std::to_string(value));
  }
  /// format: of printf, for one double.
  Section& add_real(std::string_view name, const char* format, double value);
  /// Several fields with the same value.
  Section& add_all(std::string_view value, std::initializer_list<std::string_view> names);
  Section& zeros(std::initializer_list<std::string_view> names) { return add_all("0", names); }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// info_server.cc
void add_server_info(const Context& context, Section& section);
void add_client_info(const Context& context, Section& section);
void add_cpu_info(const Context& context, Section& section);

// info_memory.cc
void add_memory_info(const Context& context, Section& section);
void add_persistence_info(const Context& context, Section& section);

// info_replication.cc
void add_replication_info(const Context& context, Section& section);

// info_stats.cc
void add_stats_info(const Context& context, Section& section);
void add_command_stats(const Context& context, Section& section);
void add_error_stats(const Context& context, Section& section);
void add_latency_stats(const Context& context, Section& section);

}  // namespace weir
