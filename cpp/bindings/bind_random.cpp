#include "bindings.hpp"

#include <jetmlp/machine/random.hpp>

#include <algorithm>

namespace jetmlp::bindings {

namespace {

template <class T, class Draw>
Array<T> draw(Index count, Draw next) {
    Array<T> numbers(count);
    std::generate_n(numbers.mutable_data(), count, next);
    return numbers;
}

}  // namespace

void bind_random(py::module_& module) {
    py::class_<Generator>(module, "Generator", "One stream of the Philox4x32-10 generator.")
        .def(py::init([](std::uint64_t seed, std::uint32_t purpose, std::uint64_t index) {
                 return Generator(seed, static_cast<Purpose>(purpose), index);
             }),
             py::arg("seed"), py::arg("purpose"), py::arg("index"))
        .def(
            "words",
            [](Generator& self, Index count) {
                return draw<std::uint32_t>(count, [&self] { return self.next_word(); });
            },
            py::arg("count"))
        .def(
            "uniform",
            [](Generator& self, Index count) {
                return draw<double>(count, [&self] { return self.uniform(); });
            },
            py::arg("count"))
        .def(
            "normal",
            [](Generator& self, Index count) {
                return draw<double>(count, [&self] { return self.normal(); });
            },
            py::arg("count"))
        .def(
            "permutation",
            [](Generator& self, Index count) {
                std::vector<std::uint32_t> order;
                self.permute(order, count);
                Array<std::int64_t> numbers(count);
                std::ranges::copy(order, numbers.mutable_data());
                return numbers;
            },
            py::arg("count"));
    module.def(
        "philox4x32",
        [](std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
            return philox4x32(counter, key);
        },
        py::arg("counter"), py::arg("key"), "Ten rounds of Philox on four 32-bit words.");
}

}  // namespace jetmlp::bindings
