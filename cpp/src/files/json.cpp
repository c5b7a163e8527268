#include "files/json.hpp"

#include "files/refusal.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace jetmlp::files {

namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Recursive descent over what is left of a text.
class Parser {
  public:
    Parser(std::string_view text, std::string_view field, bool ordered)
        : left_(text), field_(field), ordered_(ordered) {}

    // NOLINTNEXTLINE(misc-no-recursion)  no deeper than `deepest`
    Json value(int depth = 0) {
        // No description of a model has brackets so deep, and the stack is not for files to fill.
        constexpr int deepest = 16;
        if (depth > deepest) {
            fail("brackets within brackets beyond measure");
        }
        const std::string_view before = left_;
        Json json;
        const char first = left_.empty() ? '\0' : left_.front();
        if (first == '{') {
            json.value = object(depth);
        } else if (first == '[') {
            json.value = list(depth);
        } else if (first == '"') {
            json.value = string();
        } else if (first == '-' || is_digit(first)) {
            json.value = number();
        } else {
            json.value = word();
        }
        json.text = before.substr(0, before.size() - left_.size());
        return json;
    }

    [[nodiscard]] std::string_view left() const { return left_; }

    [[noreturn]] void fail(std::string_view got) const {
        refuse(field_, "JSON as jetmlp writes it", got);
    }

  private:
    bool took(std::string_view expected) {
        if (!left_.starts_with(expected)) {
            return false;
        }
        left_.remove_prefix(expected.size());
        return true;
    }

    void take(std::string_view expected) {
        if (!took(expected)) {
            fail(brief(left_) + " for " + brief(expected));
        }
    }

    decltype(Json::value) word() {
        if (took("null")) {
            return nullptr;
        }
        if (took("true")) {
            return true;
        }
        if (took("false")) {
            return false;
        }
        fail(brief(left_));
    }

    // NOLINTNEXTLINE(misc-no-recursion)  as `value`
    JsonList list(int depth) {
        JsonList entries;
        take("[");
        if (!took("]")) {
            do {
                entries.push_back(value(depth + 1));
            } while (took(","));
            take("]");
        }
        return entries;
    }

    // NOLINTNEXTLINE(misc-no-recursion)  as `value`
    JsonObject object(int depth) {
        JsonObject entries;
        take("{");
        if (!took("}")) {
            do {
                std::string key = string();
                const auto is_key = [&](const auto& entry) { return entry.key == key; };
                if (ordered_ ? !entries.empty() && entries.back().key >= key
                             : std::ranges::any_of(entries, is_key)) {
                    fail("the key " + brief(key) + " twice or out of order");
                }
                take(":");
                entries.push_back({std::move(key), value(depth + 1)});
            } while (took(","));
            take("}");
        }
        return entries;
    }

    void digits() {
        if (left_.empty() || !is_digit(left_.front())) {
            fail(brief(left_) + " for a digit");
        }
        while (!left_.empty() && is_digit(left_.front())) {
            left_.remove_prefix(1);
        }
    }

    JsonNumber number() {
        const std::string_view before = left_;
        const bool negative = took("-");
        const std::string_view integer = left_;
        digits();
        bool whole = true;
        if (integer.front() == '0' && integer.size() - left_.size() > 1) {
            fail(brief(integer) + ", which begins with 0");
        }
        if (took(".")) {
            whole = false;
            digits();
        }
        if (took("e")) {
            whole = false;
            if (!took("+")) {
                take("-");
            }
            digits();
        }
        JsonNumber found{std::string(before.substr(0, before.size() - left_.size()))};
        if (whole && negative && found.text == "-0") {
            fail("-0");
        }
        return found;
    }

    std::string string() {
        std::string text;
        take("\"");
        while (!took("\"")) {
            if (left_.empty()) {
                fail("a text without an end");
            }
            const char letter = left_.front();
            if (letter < ' ' || letter > '~') {
                fail("a letter beyond ASCII");
            }
            left_.remove_prefix(1);
            if (letter == '\\') {
                escaped(text);
            } else {
                text += letter;
            }
        }
        return text;
    }

    // What stands behind a backslash; each letter has one spelling.
    void escaped(std::string& text) {
        constexpr std::string_view names = "\"\\nrtbf";
        constexpr std::string_view meanings = "\"\\\n\r\t\b\f";
        const char name = left_.empty() ? '\0' : left_.front();
        if (const std::size_t at = names.find(name); at != std::string_view::npos && name != '\0') {
            left_.remove_prefix(1);
            text += meanings[at];
            return;
        }
        take("u");
        const std::string_view code_digits = left_.substr(0, 4);
        constexpr std::string_view hex_digits = "0123456789abcdef";
        if (code_digits.size() < 4 ||
            code_digits.find_first_not_of(hex_digits) != std::string_view::npos) {
            fail(brief(code_digits) + " for four digits of a letter");
        }
        unsigned code = 0;
        for (const char digit : code_digits) {
            code = 16 * code + static_cast<unsigned>(hex_digits.find(digit));
        }
        left_.remove_prefix(4);
        if ((code >= ' ' && code <= '~') ||
            (code < ' ' && meanings.find(static_cast<char>(code)) != std::string_view::npos)) {
            fail("the letter \\u" + std::string(code_digits) + ", which has a shorter spelling");
        }
        append_utf8(text, code);
    }

    // Halves of pairs are kept as they are: texts are compared, never shown as letters.
    static void append_utf8(std::string& text, unsigned code) {
        if (code < 0x80U) {
            text += static_cast<char>(code);
        } else if (code < 0x800U) {
            text += static_cast<char>(0xc0U | (code >> 6U));
            text += static_cast<char>(0x80U | (code & 0x3fU));
        } else {
            text += static_cast<char>(0xe0U | (code >> 12U));
            text += static_cast<char>(0x80U | ((code >> 6U) & 0x3fU));
            text += static_cast<char>(0x80U | (code & 0x3fU));
        }
    }

    std::string_view left_;
    std::string_view field_;
    bool ordered_;
};

}  // namespace

std::optional<std::uint64_t> JsonNumber::count() const {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stopped != end) {
        return std::nullopt;
    }
    return number;
}

void check_count(std::string_view text, std::string_view field) {
    const auto counts = [](char letter) { return letter == ',' || letter == '[' || letter == '{'; };
    const auto count = std::ranges::count_if(text, counts);
    if (count > most_values) {
        refuse(field, "at most " + std::to_string(most_values) + " values", std::to_string(count));
    }
}

Json parse_json(std::string_view text, std::string_view field) {
    check_count(text, field);
    Parser parser(text, field, /*ordered=*/true);
    Json json = parser.value();
    if (!parser.left().empty()) {
        parser.fail(brief(parser.left()) + " behind its end");
    }
    return json;
}

Json take_json(std::string_view& text, std::string_view field) {
    Parser parser(text, field, /*ordered=*/false);
    Json json = parser.value();
    text = parser.left();
    return json;
}

}  // namespace jetmlp::files
