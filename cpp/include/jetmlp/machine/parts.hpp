// Long arrays, made, filled and copied in parts with a look at the caller's wishes between them:
// the first touch of a hundred megabytes takes as many milliseconds. One part costs nothing.
#pragma once

#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <algorithm>
#include <cstddef>

namespace jetmlp {

inline constexpr Index numbers_of_a_part = 1 << 18;  // some tenths of a millisecond

// work(first, last) for the parts of [0, count).
template <class Work>
void in_parts(Index count, const Work& work) {
    for (Index first = 0; first < count; first += numbers_of_a_part) {
        if (first > 0) {
            poll_here();
        }
        work(first, std::min(first + numbers_of_a_part, count));
    }
}

// The same for work that cannot be left half done.
template <class Work>
void in_parts_to_the_end(Index count, const Work& work) {
    for (Index first = 0; first < count; first += numbers_of_a_part) {
        if (first > 0) {
            look_here();
        }
        work(first, std::min(first + numbers_of_a_part, count));
    }
}

// work(first, count) for the rows of a matrix of this width, some at a time; their number is a
// multiple of what is transposed at a time.
template <class Work>
void in_rows(Index rows, Index width, const Work& work) {
    constexpr Index multiple = 16;
    const Index some =
        std::max(multiple, numbers_of_a_part / std::max<Index>(1, width) / multiple * multiple);
    for (Index first = 0; first < rows; first += some) {
        if (first > 0) {
            poll_here();
        }
        work(first, std::min(some, rows - first));
    }
}

// As numbers.resize(count): new numbers are zero.
template <class Numbers>
void resize_in_parts(Numbers& numbers, Index count) {
    numbers.reserve(static_cast<std::size_t>(count));
    in_parts(count, [&](Index /*first*/, Index last) {
        if (static_cast<std::size_t>(last) > numbers.size()) {
            numbers.resize(static_cast<std::size_t>(last));
        }
    });
    numbers.resize(static_cast<std::size_t>(count));
}

// As numbers.assign(count, 0).
template <class Numbers>
void zero_in_parts(Numbers& numbers, Index count) {
    if (count <= numbers_of_a_part) {
        numbers.assign(static_cast<std::size_t>(count), 0);
        return;
    }
    const Index before = std::min(static_cast<Index>(numbers.size()), count);
    resize_in_parts(numbers, count);
    in_parts(before, [&](Index first, Index last) {
        std::fill(numbers.begin() + first, numbers.begin() + last, 0);
    });
}

// As Numbers(count).
template <class Numbers>
Numbers zeros_in_parts(std::size_t count) {
    Numbers numbers;
    resize_in_parts(numbers, static_cast<Index>(count));
    return numbers;
}

// As to.assign(from, from + count).
template <class Numbers>
void assign_in_parts(const typename Numbers::value_type* from, Index count, Numbers& to) {
    to.clear();
    to.reserve(static_cast<std::size_t>(count));
    in_parts(count,
             [&](Index first, Index last) { to.insert(to.end(), from + first, from + last); });
}

// As to.insert(to.end(), from.begin(), from.end()), to the end.
template <class From, class To>
void append_in_parts(const From& from, To& to) {
    to.reserve(to.size() + from.size());
    in_parts_to_the_end(static_cast<Index>(from.size()), [&](Index first, Index last) {
        to.insert(to.end(), from.begin() + first, from.begin() + last);
    });
}

// As to = from, to the end.
template <class From, class To>
void set_in_parts(To& to, const From& from) {
    if (to.size() == from.size()) {  // as to begin with would cost more: all are there
        in_parts_to_the_end(static_cast<Index>(from.size()), [&](Index first, Index last) {
            std::copy(from.begin() + first, from.begin() + last, to.begin() + first);
        });
        return;
    }
    to.clear();
    append_in_parts(from, to);
}

// A copy, to the end.
template <class Numbers>
Numbers copy_in_parts(const Numbers& from) {
    Numbers to;
    set_in_parts(to, from);
    return to;
}

// As one == other, to the end.
template <class One, class Other>
bool equal_in_parts(const One& one, const Other& other) {
    const auto count = static_cast<Index>(one.size());
    if (one.size() != other.size()) {
        return false;
    }
    bool equal = true;
    for (Index first = 0; equal && first < count; first += numbers_of_a_part) {
        if (first > 0) {
            look_here();
        }
        const Index last = std::min(first + numbers_of_a_part, count);
        equal = std::equal(one.begin() + first, one.begin() + last, other.begin() + first);
    }
    return equal;
}

}  // namespace jetmlp
