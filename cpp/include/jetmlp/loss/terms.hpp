// The terms of the loss: what a network can be fitted to. Whatever there is one of for each term
// (targets, weights, sums, means, columns of a history) is a Terms<…>, so a new term is an entry of
// each list here, its prediction in squared_errors.hpp, and the propagation that has it in
// objective.cpp.
#pragma once

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/types.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace jetmlp {

enum class Term : std::size_t { value, derivative, second_derivative };

inline constexpr std::array<Term, 3> all_terms{Term::value, Term::derivative,
                                               Term::second_derivative};
inline constexpr std::size_t n_terms = all_terms.size();

// What histories call them, and what messages call their targets.
inline constexpr std::array<std::string_view, n_terms> term_names{"value", "derivative",
                                                                  "second_derivative"};
inline constexpr std::array<std::string_view, n_terms> target_names{"Y", "dYdX", "d2YdX2"};

template <class U>
struct Terms {
    std::array<U, n_terms> by_term{};

    [[nodiscard]] U& operator[](Term term) { return by_term[static_cast<std::size_t>(term)]; }
    [[nodiscard]] const U& operator[](Term term) const {
        return by_term[static_cast<std::size_t>(term)];
    }
};

// How many entries of each term an output of a sample has: d inputs, t tangents.
constexpr Terms<Index> entries_per_output(Index d, Index t) {
    return {{1, t, checked_product(d, d)}};
}

// The same for each.
template <class U>
constexpr Terms<U> for_every_term(const U& what) {
    Terms<U> result;
    result.by_term.fill(what);
    return result;
}

}  // namespace jetmlp
