// The activation functions by name, and their evaluation with derivatives over whole arrays.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <span>
#include <string_view>

namespace jetmlp {

// A place in the list of activations, which stands in kernels/activations.hpp and nowhere else:
// what includes this header is not rebuilt when the list grows.
enum class Activation : int {};

// The names, in the order of that list.
std::span<const std::string_view> activation_names();

// Throws std::invalid_argument that lists the known names.
Activation activation_from_name(std::string_view name);

// a = σ(z), s1 = σ'(z), s2 = σ''(z), s3 = σ'''(z) for `count` numbers, which may be any count.
// Any of the outputs may be null and is then not written; a may be z itself.
template <class T>
void evaluate_activation(Activation activation, Index count, const T* z, T* a, T* s1, T* s2, T* s3);

}  // namespace jetmlp
