// The container of models: safetensors with a description, a format version and a hash. The same
// content has one spelling, and only that is read.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jetmlp::files {

struct Tensor {
    std::string type;  // "F64", "F32", "I64", "U64" or "U8"
    std::vector<Index> shape;
    std::span<const std::byte> bytes;
};

struct Container {
    std::string kind;         // "jetmlp." and a name
    std::string description;  // JSON, not parsed
    std::map<std::string, Tensor, std::less<>> tensors;
    std::vector<std::byte> content;  // what the tensors are views of
};

// Reads a file: once, and no more than its header says. Throws std::filesystem::filesystem_error
// if it cannot be read, ModelFileError if it is not what jetmlp writes.
Container read_container(const std::filesystem::path& path);

// The numbers of a tensor, of which the type says that they are of this size.
template <class T>
std::vector<T> numbers_of(const Tensor& tensor);

}  // namespace jetmlp::files
