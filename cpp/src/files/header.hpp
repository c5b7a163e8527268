// The header of a container: what is in the file, and where. It is that of safetensors: JSON with
// metadata and a line for each tensor, spelled in one way.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jetmlp::files {

inline constexpr std::uint64_t prefix_bytes = 8;  // of the number that is the header's length
inline constexpr std::uint64_t most_header = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t most_content = std::uint64_t{1} << 36U;
// Where every header begins, and where the digits of its hash are.
inline constexpr std::string_view opening = R"({"__metadata__":)";
inline constexpr std::size_t hash_place =
    opening.size() + std::string_view(R"({"sha256":")").size();
inline constexpr std::size_t hash_digits = 64;

struct Entry {
    std::string type;
    std::vector<std::uint64_t> shape;
    std::uint64_t begin = 0;  // in the content
    std::uint64_t end = 0;
};

struct Header {
    std::string kind;
    std::string description;
    std::string sha256;
    std::map<std::string, Entry, std::less<>> entries;
    std::uint64_t n_content = 0;
};

// Nothing in a header is trusted. Throws ModelFileError if it is not what jetmlp writes.
Header parse_header(std::string_view text);

}  // namespace jetmlp::files
