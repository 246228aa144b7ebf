// The categories of commands that ACL rules may name: @read, @stream, @dangerous, …
//
// Most follow from a row's flags and group; a row adds what does not.  The categories of types that
// this server does not have exist too, so that rules written for Redis load; they hold nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir {

struct CommandSpec;

/// One bit for each name, in the order of category_names().
using CategoryMask = uint32_t;

/// Without the "@", in the order of ACL CAT.
std::span<const std::string_view> category_names();

/// The bit of a category; ignores case.  Nothing for an unknown name.
std::optional<CategoryMask> find_category(std::string_view name);

/// What a row belongs to.
CategoryMask categories_of(const CommandSpec& command);

}  // namespace weir
