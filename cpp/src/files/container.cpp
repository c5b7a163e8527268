#include "files/container.hpp"

#include "files/header.hpp"
#include "files/refusal.hpp"
#include "files/sha256.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace jetmlp::files {

namespace {

// A file that is read from its beginning on.
class Reader {
  public:
    explicit Reader(const std::filesystem::path& path) {
        // Some devices do something when they are opened, and a FIFO never ends.
        const auto status = std::filesystem::status(path);
        if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
            !std::filesystem::is_directory(status)) {
            refuse("kind", "a regular file", "something else");
        }
        size_ = std::filesystem::file_size(path);
        stream_.open(path, std::ios::binary);
        if (!stream_) {
            throw std::filesystem::filesystem_error(
                "cannot be read", path, std::error_code(errno, std::generic_category()));
        }
    }

    [[nodiscard]] std::uint64_t size() const { return size_; }

    std::vector<std::byte> read(std::uint64_t count) {
        std::vector<std::byte> bytes(count);
        stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
        if (std::cmp_not_equal(stream_.gcount(), count)) {
            refuse("size", std::to_string(size_) + " bytes", "fewer; it became shorter");
        }
        return bytes;
    }

  private:
    std::uint64_t size_ = 0;
    std::ifstream stream_;
};

std::uint64_t header_length(Reader& reader, std::vector<std::byte>& prefix) {
    constexpr std::string_view not_one = "; it is cut short or is no safetensors file";
    if (reader.size() < prefix_bytes) {
        refuse("size", "at least 8 bytes", std::to_string(reader.size()) + std::string(not_one));
    }
    prefix = reader.read(prefix_bytes);
    std::uint64_t length = 0;
    for (std::size_t i = prefix.size(); i-- > 0;) {
        length = (length << 8U) | std::to_integer<std::uint64_t>(prefix[i]);
    }
    const std::uint64_t most = std::min(reader.size() - prefix_bytes, most_header);
    if (length > most) {
        refuse("header", "a length of at most " + std::to_string(most) + " bytes",
               std::to_string(length) + std::string(not_one));
    }
    return length;
}

// Of everything but its own digits.
std::string hash_of(std::span<const std::byte> prefix, std::span<const std::byte> header,
                    std::span<const std::byte> content) {
    Sha256 sha;
    sha.update(prefix);
    sha.update(header.first(hash_place));
    sha.update(header.subspan(hash_place + hash_digits));
    sha.update(content);
    return sha.hex_digits();
}

}  // namespace

Container read_container(const std::filesystem::path& path) {
    Reader reader(path);
    std::vector<std::byte> prefix;
    const std::uint64_t length = header_length(reader, prefix);
    const std::vector<std::byte> raw = reader.read(length);
    const Header header = parse_header({reinterpret_cast<const char*>(raw.data()), raw.size()});
    const std::uint64_t expected = prefix_bytes + length + header.n_content;
    if (reader.size() != expected) {
        refuse("size", std::to_string(expected) + " bytes, as its header says",
               std::to_string(reader.size()));
    }
    Container container;
    container.kind = header.kind;
    container.description = header.description;
    container.content = reader.read(header.n_content);
    const std::string sha256 = hash_of(prefix, raw, container.content);
    if (sha256 != header.sha256) {
        refuse("sha256", sha256 + ", as its bytes have",
               header.sha256 + ": it is damaged; get it anew");
    }
    for (const auto& [name, entry] : header.entries) {
        Tensor tensor;
        tensor.type = entry.type;
        for (const std::uint64_t dimension : entry.shape) {
            tensor.shape.push_back(static_cast<Index>(dimension));
        }
        tensor.bytes = std::span(container.content).subspan(entry.begin, entry.end - entry.begin);
        container.tensors.emplace(name, std::move(tensor));
    }
    return container;
}

template <class T>
std::vector<T> numbers_of(const Tensor& tensor) {
    std::vector<T> numbers(tensor.bytes.size() / sizeof(T));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::array<std::byte, sizeof(T)> bytes{};
        std::memcpy(bytes.data(), tensor.bytes.data() + i * sizeof(T), sizeof(T));
        if constexpr (std::endian::native == std::endian::big) {  // files are little-endian
            std::ranges::reverse(bytes);
        }
        numbers[i] = std::bit_cast<T>(bytes);
    }
    return numbers;
}

template std::vector<float> numbers_of(const Tensor&);
template std::vector<double> numbers_of(const Tensor&);

}  // namespace jetmlp::files
