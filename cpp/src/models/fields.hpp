// The fields of a description and the tensors of a container, each asked for once by its name.
#pragma once

#include "files/container.hpp"
#include "files/json.hpp"

#include <jetmlp/machine/types.hpp>

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jetmlp::files {

inline constexpr Index most_layers = 1000;
inline constexpr std::uint64_t most_units = std::uint64_t{1} << 24U;

// A value and what messages call it.
struct Field {
    const Json& json;
    std::string name;

    [[nodiscard]] bool boolean() const;
    // One of these texts.
    [[nodiscard]] std::string choice(std::initializer_list<std::string_view> choices) const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::uint64_t integer(std::uint64_t least, std::uint64_t most) const;
    // From one to so many entries.
    [[nodiscard]] std::vector<Field> list(std::size_t most) const;
    // The values of an object that has these keys, and of the others none but the optional ones.
    [[nodiscard]] std::vector<Field> object(
        std::initializer_list<std::string_view> keys,
        std::initializer_list<std::string_view> optional = {}) const;
    [[noreturn]] void refuse_for(std::string_view expected) const;
};

// The tensors of a container; what has not been taken at the end should not be there.
class Tensors {
  public:
    explicit Tensors(const Container& container) : container_(container) {}

    // The finite numbers of a tensor of just this shape, and of the type that T is.
    template <class T>
    std::vector<T> take(const std::string& name, const std::vector<Index>& shape);

    // The length of a tensor of one axis, to find sizes by; it is not taken.
    [[nodiscard]] Index length(const std::string& name) const;

    // Whether there are tensors whose names begin so.
    [[nodiscard]] bool any(std::string_view prefix) const;

    void expect_all_taken() const;

  private:
    [[nodiscard]] const Tensor& found(const std::string& name) const;

    const Container& container_;
    std::set<std::string, std::less<>> taken_;
};

}  // namespace jetmlp::files
