#include "tests/bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace weir::bench {
namespace {

constexpr size_t kNameColumns = 41;
constexpr size_t kValueColumns = 15;
constexpr size_t kErrorColumns = 78;

[[gnu::format(printf, 1, 2)]] std::string text_of(const char* format, ...) {
  char text[128];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

/// Columns that UTF-8 text takes (all our characters take one).
size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

std::string left(const std::string& text, size_t columns) {
  return text + std::string(columns - std::min(columns, columns_of(text)), ' ');
}

std::string right(const std::string& text, size_t columns) {
  return std::string(columns - std::min(columns, columns_of(text)), ' ') + text;
}

/// Three significant digits at least, and commas between thousands.
std::string number(double value) {
  if (value < 999.95) return text_of(value < 10 ? "%.2f" : "%.1f", value);
  std::string digits = text_of("%.0f", value);
  for (size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  return digits;
}

/// 869 k, 1.18 M.
std::string rate(double per_s) {
  if (per_s <= 0) return "";
  if (per_s >= 1e6) return text_of("%.2f M", per_s / 1e6);
  return text_of(per_s < 10e3 ? "%.1f k" : "%.0f k", per_s / 1e3);
}

std::string value_with_spread(const Values& values) {
  const std::string median = number(values.median());
  if (values.rounds.size() < 2) return median + "     ";
  return median + right(text_of("±%.0f%%", values.spread() * 100), 5);
}

std::string times(double ratio, const char* format) {
  return ratio > 0 ? text_of(format, ratio) + "×" : "–";
}

/// What has to be reached: a ratio, or a value to stay inside of.
std::string aim(const Metric& metric) {
  return metric.bound > 0 ? " ≤" + number(metric.bound) : times(metric.goal.target, "%.4g");
}

void print_row(const std::array<std::string, 9>& cells, std::ostream& out) {
  constexpr std::array<size_t, 9> kWidths = {
      kNameColumns, kValueColumns, kValueColumns, 6, 8, 7, 8, 8, 7};
  std::string line = left(cells[0], kWidths[0]);
  for (size_t i = 1; i < 7; ++i) {
    line += i == 3 ? " " + left(cells[i], kWidths[i] - 1) : right(cells[i], kWidths[i]);
  }
  line += "  " + left(cells[7], kWidths[7]);
  line += cells[8];
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << "\n";
}

void print_scenario(const ScenarioResult& scenario, std::ostream& out) {
  if (!scenario.error.empty()) {
    std::string text = scenario.error.substr(0, scenario.error.find_first_of("\r\n"));
    if (text.size() > kErrorColumns) text.resize(kErrorColumns);
    out << left(scenario.name, kNameColumns) << "  " << text << "\n";
    return;
  }
  std::string rates;
  for (const MetricResult& metric : scenario.metrics) {
    if (metric.metric.shown != Shown::kOps) continue;
    rates = rate(metric.sides[kWeir].median()) + " " + rate(metric.sides[kPeer].median());
  }
  for (const MetricResult& result : scenario.metrics) {
    const Metric& metric = result.metric;
    if (metric.shown != Shown::kRow) continue;
    print_row({scenario.name + (metric.suffix.empty() ? "" : " " + metric.suffix),
               value_with_spread(result.sides[kWeir]), value_with_spread(result.sides[kPeer]),
               metric.unit, times(result.ratio(), "%.2f"), aim(metric),
               times(metric.goal.stretch, "%.4g"), verdict(result), rates},
              out);
    rates.clear();
  }
}

/// The table's own doubt: on a busy machine its numbers are worth less.
void print_foreign_load(const std::vector<ScenarioResult>& scenarios, std::ostream& out) {
  constexpr double kNoteworthy = 0.05;
  const auto worst = std::max_element(
      scenarios.begin(), scenarios.end(),
      [](const auto& one, const auto& other) { return one.foreign_load < other.foreign_load; });
  if (worst == scenarios.end() || worst->foreign_load < kNoteworthy) return;
  out << "\nOther processes took up to "
      << text_of("%.0f%% of the cores (%s)", worst->foreign_load * 100, worst->name.c_str())
      << ": repeat on a quiet machine.\n";
}

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      json += '\\';
      json += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      json += text_of("\\u%04x", static_cast<unsigned>(letter));
    } else {
      json += letter;
    }
  }
  return json + '"';
}

std::string json_number(double value) {
  return text_of("%.6g", value);
}

std::string json_values(const Values& values) {
  std::string rounds;
  for (const double value : values.rounds) {
    rounds += (rounds.empty() ? "" : ", ") + json_number(value);
  }
  return "{\"median\": " + json_number(values.median()) +
         ", \"spread\": " + json_number(values.spread()) + ", \"rounds\": [" + rounds + "]}";
}

std::string json_metric(const MetricResult& result) {
  const Metric& metric = result.metric;
  return "{\"metric\": " + quoted(metric.suffix) + ", \"unit\": " + quoted(metric.unit) +
         ", \"ratio\": " + json_number(result.ratio()) +
         ", \"target\": " + json_number(metric.goal.target) +
         ", \"stretch\": " + json_number(metric.goal.stretch) +
         ", \"bound\": " + json_number(metric.bound) + ", \"verdict\": " + quoted(verdict(result)) +
         ",\n       \"weir\": " + json_values(result.sides[kWeir]) +
         ",\n       \"peer\": " + json_values(result.sides[kPeer]) + "}";
}

}  // namespace

std::string verdict(const MetricResult& result) {
  if (result.metric.bound > 0) return result.is_beyond() ? "BEYOND" : "inside";
  const double ratio = std::round(result.ratio() * 100) / 100;
  const Goal& goal = result.metric.goal;
  if (goal.target == 0 || ratio == 0) return "";
  if (goal.stretch > 0 && ratio >= goal.stretch) return "STRETCH";
  return ratio >= goal.target ? "target" : "below";
}

void print_table(const Report& report, std::ostream& out) {
  out << "weir:    " << report.versions[kWeir] << "  (" << report.programs[kWeir] << ")\n"
      << "peer:    " << report.versions[kPeer] << "  (" << report.programs[kPeer] << ")\n"
      << "machine: " << report.machine << "\n"
      << "date:    " << report.date << "; ratio: median of the rounds' ratios, "
      << text_of("%zu rounds of %g s after %g s", report.timing.rounds, report.timing.seconds,
                 report.timing.warmup)
      << "\n\n";
  print_row({"scenario", "weir     ", "peer     ", "unit", "ratio", "target", "stretch", "verdict",
             "weir/peer op/s"},
            out);
  for (const ScenarioResult& scenario : report.scenarios)
    print_scenario(scenario, out);
  print_foreign_load(report.scenarios, out);
}

void print_json(const Report& report, std::ostream& out) {
  out << "{\n \"date\": " << quoted(report.date) << ",\n \"machine\": " << quoted(report.machine)
      << ",\n \"rounds\": " << report.timing.rounds
      << ",\n \"seconds\": " << json_number(report.timing.seconds)
      << ",\n \"warmup\": " << json_number(report.timing.warmup);
  for (const Side side : {kWeir, kPeer}) {
    out << ",\n \"" << (side == kWeir ? "weir" : "peer")
        << "\": {\"version\": " << quoted(report.versions[side])
        << ", \"program\": " << quoted(report.programs[side]) << "}";
  }
  out << ",\n \"scenarios\": [";
  const char* separator = "\n";
  for (const ScenarioResult& scenario : report.scenarios) {
    out << separator << "  {\"name\": " << quoted(scenario.name)
        << ", \"op\": " << quoted(scenario.op) << ", \"error\": " << quoted(scenario.error)
        << ", \"foreign_load\": " << json_number(scenario.foreign_load) << ", \"metrics\": [";
    const char* metric_separator = "\n";
    for (const MetricResult& metric : scenario.metrics) {
      out << metric_separator << "      " << json_metric(metric);
      metric_separator = ",\n";
    }
    out << "]}";
    separator = ",\n";
  }
  out << "]\n}\n";
}

}  // namespace weir::bench
