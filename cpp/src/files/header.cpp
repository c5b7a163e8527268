#include "files/header.hpp"

#include "files/json.hpp"
#include "files/refusal.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace jetmlp::files {

namespace {

constexpr std::string_view format_version = "2";

const std::string* text_in(const JsonObject& metadata, std::string_view key) {
    for (const auto& [name, json] : metadata) {
        if (name == key) {
            const auto* text = std::get_if<std::string>(&json.value);
            if (text == nullptr) {
                refuse("metadata." + name, "a text", brief(json.text));
            }
            return text;
        }
    }
    return nullptr;
}

void check_version(const JsonObject& metadata) {
    const std::string* version = text_in(metadata, "format_version");
    if (version == nullptr) {
        refuse("format_version", "one in the metadata", "none: save the model again");
    }
    const bool is_number = !version->empty() && version->size() <= 6 && version->front() != '0' &&
                           version->find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) {
        refuse("format_version", "a number in digits", brief(*version));
    }
    if (*version != format_version) {
        const bool newer = std::stoi(*version) > std::stoi(std::string(format_version));
        refuse("format_version", format_version,
               *version + (newer ? ": it was written by a newer jetmlp" : ""));
    }
}

// Takes the metadata off the text.
Header metadata_of(std::string_view& text) {
    if (!text.starts_with(opening)) {
        refuse("metadata", "those of a model of jetmlp to begin with", brief(text));
    }
    text.remove_prefix(opening.size());
    const Json json = take_json(text, "metadata");
    const auto* metadata = std::get_if<JsonObject>(&json.value);
    const auto is_kind = [](const auto& entry) { return entry.key.starts_with("jetmlp."); };
    if (metadata == nullptr || std::ranges::none_of(*metadata, is_kind)) {
        refuse("metadata", "those of a model of jetmlp", brief(json.text));
    }
    check_version(*metadata);
    if (metadata->size() != 3 || (*metadata)[0].key != "sha256" ||
        (*metadata)[1].key != "format_version" || !is_kind((*metadata)[2])) {
        refuse("metadata", "sha256, format_version and the kind, in this order", brief(json.text));
    }
    Header header;
    header.kind = (*metadata)[2].key;
    header.description = *text_in(*metadata, header.kind);
    header.sha256 = *text_in(*metadata, "sha256");
    if (header.sha256.size() != hash_digits ||
        header.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
        refuse("sha256", "64 digits", brief(header.sha256));
    }
    return header;
}

std::uint64_t bytes_of(const std::string& name, std::string_view type) {
    constexpr std::pair<std::string_view, std::uint64_t> types[] = {
        {"F64", 8}, {"F32", 4}, {"I64", 8}, {"U64", 8}, {"U8", 1}};
    for (const auto& [known, size] : types) {
        if (type == known) {
            return size;
        }
    }
    refuse(name + ".dtype", "one of F64, F32, I64, U64, U8", brief(type));
}

// The lines of the tensors, one after the other.
class Lines {
  public:
    explicit Lines(std::string_view text) : left_(text) {}

    // False at the end of the lines.
    bool took(std::string_view expected) {
        if (!left_.starts_with(expected)) {
            return false;
        }
        left_.remove_prefix(expected.size());
        return true;
    }

    void take(std::string_view expected) {
        if (!took(expected)) {
            refuse("header", "the line of a tensor, or its end", brief(left_));
        }
    }

    std::string letters(std::size_t most, bool (*belongs)(char)) {
        const auto* const end = std::ranges::find_if_not(left_, belongs);
        const auto count = static_cast<std::size_t>(end - left_.begin());
        if (count == 0 || count > most) {
            refuse("header", "a name of at most " + std::to_string(most) + " letters",
                   brief(left_));
        }
        std::string found(left_.substr(0, count));
        left_.remove_prefix(count);
        return found;
    }

    // Below 10 trillion, without zeros before it.
    std::uint64_t number() {
        const std::string digits =
            letters(13, [](char letter) { return letter >= '0' && letter <= '9'; });
        if (digits.size() > 1 && digits.front() == '0') {
            refuse("header", "a number without zeros before it", digits);
        }
        std::uint64_t number = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return number;
    }

    std::vector<std::uint64_t> shape() {
        std::vector<std::uint64_t> lengths;
        take("[");
        if (!took("]")) {
            do {
                lengths.push_back(number());
            } while (lengths.size() < 8 && took(","));
            take("]");
        }
        return lengths;
    }

    [[nodiscard]] std::string_view left() const { return left_; }

  private:
    std::string_view left_;
};

// More than any content has, rather than a number that has wrapped around.
std::uint64_t bounded_size(const std::vector<std::uint64_t>& shape, std::uint64_t of_number) {
    std::uint64_t size = of_number;
    for (const std::uint64_t length : shape) {
        if (length == 0) {
            return 0;
        }
        size = size > most_content / length ? most_content + 1 : size * length;
    }
    return size;
}

// Wide types first, so that all are aligned, then by name.
struct Place {
    std::uint64_t of_number = 16;  // wider than any type
    std::string name;
};

bool in_order(const Place& before, const Place& place) {
    return place.of_number < before.of_number ||
           (place.of_number == before.of_number && before.name < place.name);
}

bool in_name(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '.';
}

bool in_type(char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

void take_entries(Header& header, Lines& lines) {
    Place before;
    while (lines.took(",\"")) {
        Entry entry;
        const std::string name = lines.letters(128, in_name);
        lines.take(R"(":{"dtype":")");
        entry.type = lines.letters(8, in_type);
        const std::uint64_t of_number = bytes_of(name, entry.type);
        Place place{of_number, name};
        if (!in_order(before, place)) {
            refuse(name, "wide types first, then names in order", before.name + " before");
        }
        lines.take(R"(","shape":)");
        entry.shape = lines.shape();
        lines.take(R"(,"data_offsets":[)");
        entry.begin = lines.number();
        lines.take(",");
        entry.end = lines.number();
        lines.take("]}");
        const std::uint64_t size = bounded_size(entry.shape, of_number);
        if (entry.begin != header.n_content || entry.end != header.n_content + size ||
            entry.end > most_content) {
            refuse(name + ".data_offsets", "those that its shape and the tensors before it give",
                   std::to_string(entry.begin) + " and " + std::to_string(entry.end));
        }
        header.n_content = entry.end;
        before = std::move(place);
        header.entries.emplace(name, std::move(entry));
    }
}

}  // namespace

Header parse_header(std::string_view text) {
    const std::size_t size = text.size();
    const auto is_ascii = [](char letter) { return static_cast<unsigned char>(letter) < 128; };
    if (!std::ranges::all_of(text, is_ascii)) {
        refuse("header", "ASCII letters", "others");
    }
    check_count(text, "header");
    Header header = metadata_of(text);
    Lines lines(text);
    take_entries(header, lines);
    lines.take("}");
    // As many spaces as make the content begin at a multiple of 8.
    const std::string_view padding = lines.left();
    if (size % 8 != 0 || padding.size() >= 8 ||
        padding.find_first_not_of(' ') != std::string_view::npos) {
        refuse("header", "the line of a tensor, or its end", brief(padding));
    }
    return header;
}

}  // namespace jetmlp::files
