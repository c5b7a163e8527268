#include <jetmlp/optim/state.hpp>

#include <stdexcept>
#include <type_traits>
#include <utility>

namespace jetmlp {

namespace {

constexpr std::uint64_t most = std::uint64_t{1} << 53U;

template <class Number>
constexpr std::string_view type_name() {
    if constexpr (std::is_same_v<Number, float>) {
        return "float32";
    } else if constexpr (std::is_same_v<Number, double>) {
        return "float64";
    } else {
        return "uint64";
    }
}

std::string described(const StateArray& numbers) {
    return std::visit(
        [](const auto& found) {
            using Number = typename std::decay_t<decltype(found)>::value_type;
            return std::to_string(found.size()) + " of " + std::string(type_name<Number>());
        },
        numbers);
}

}  // namespace

void StateVisitor::fail(std::string_view name, const std::string& expected,
                        const std::string& got) const {
    throw std::invalid_argument(full(name) + ": expected " + expected + ", got " + got);
}

void StateVisitor::expect(bool holds, std::string_view name, std::string_view what) const {
    if (restores() && !holds) {
        fail(name, std::string(what), "something else");
    }
}

void StateVisitor::save(std::string_view name, StateArray numbers) {
    to_->emplace(full(name), std::move(numbers));
}

template <class Number>
const std::vector<Number>& StateVisitor::get(std::string_view name,
                                             std::optional<std::size_t> size) {
    const auto found = from_->find(full(name));
    const std::string expected = (size ? std::to_string(*size) : std::string("numbers")) + " of " +
                                 std::string(type_name<Number>());
    if (found == from_->end()) {
        fail(name, expected, "none");
    }
    const auto* const numbers = std::get_if<std::vector<Number>>(&found->second);
    if (numbers == nullptr || (size && numbers->size() != *size)) {
        fail(name, expected, described(found->second));
    }
    ++n_shown_;
    return *numbers;
}

template const std::vector<std::uint64_t>& StateVisitor::get(std::string_view,
                                                             std::optional<std::size_t>);
template const std::vector<float>& StateVisitor::get(std::string_view, std::optional<std::size_t>);
template const std::vector<double>& StateVisitor::get(std::string_view, std::optional<std::size_t>);

void StateVisitor::visit(std::string_view name, std::uint64_t& count) {
    if (to_ != nullptr) {
        save(name, std::vector<std::uint64_t>{count});
        return;
    }
    const std::uint64_t found = get<std::uint64_t>(name, 1).front();
    if (found > most) {
        fail(name, "a count of at most 2^53", std::to_string(found));
    }
    count = found;
}

void StateVisitor::visit(std::string_view name, Index& count) {
    auto number = static_cast<std::uint64_t>(count);
    visit(name, number);
    count = static_cast<Index>(number);
}

void StateVisitor::visit(std::string_view name, bool& flag) {
    std::uint64_t number = flag ? 1 : 0;
    visit(name, number);
    expect(number <= 1, name, "0 or 1");
    flag = number == 1;
}

void StateVisitor::visit(std::string_view name, double& number, Numbers allowed) {
    std::vector<double> numbers{number};
    visit(name, numbers, 1, allowed);
    number = numbers.front();
}

// 0 for none, or one more than its place in the list.
void StateVisitor::visit(std::string_view name, std::optional<FitEnd>& end) {
    std::uint64_t number = end ? static_cast<std::uint64_t>(*end) + 1 : 0;
    visit(name, number);
    expect(number <= fit_end_names.size(), name, "the number of an end of a fit");
    end = number == 0 ? std::nullopt : std::optional(static_cast<FitEnd>(number - 1));
}

void StateVisitor::finish() const {
    if (!restores() || n_shown_ == from_->size()) {
        return;
    }
    throw std::invalid_argument("state: expected " + std::to_string(n_shown_) +
                                " entries for this optimizer and fit, got " +
                                std::to_string(from_->size()));
}

}  // namespace jetmlp
