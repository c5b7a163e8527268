// JSON in the one form in which files of models have it: ASCII without spaces, the keys of an
// object in order, each letter spelled in one way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace jetmlp::files {

struct Json;
struct JsonEntry;
using JsonList = std::vector<Json>;
using JsonObject = std::vector<JsonEntry>;

// A number as it stands there: what it means depends on the field.
struct JsonNumber {
    std::string text;
    // Of an integer from 0 to 2⁶⁴ − 1; nothing for any other number.
    [[nodiscard]] std::optional<std::uint64_t> count() const;
};

struct Json {
    std::variant<std::nullptr_t, bool, JsonNumber, std::string, JsonList, JsonObject> value;
    std::string_view text;  // as it stands in the file
};

struct JsonEntry {
    std::string key;
    Json value;
};

// The most commas and opening brackets of a text.
inline constexpr int most_values = 25'000;

// Throws ModelFileError if a text has more.
void check_count(std::string_view text, std::string_view field);

// The value of a text, which has to outlive it. Throws ModelFileError, in the name of the field, if
// it is not JSON or is spelled otherwise.
Json parse_json(std::string_view text, std::string_view field);

// The value that begins a text, of which it takes the letters away; objects may have any order.
Json take_json(std::string_view& text, std::string_view field);

}  // namespace jetmlp::files
