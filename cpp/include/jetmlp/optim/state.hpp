// What a fit goes on with, as arrays by name. One function of each optimizer both saves and
// restores, so that the two cannot differ: `visit`.
#pragma once

#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace jetmlp {

using StateArray =
    std::variant<std::vector<std::uint64_t>, std::vector<float>, std::vector<double>>;
using State = std::map<std::string, StateArray>;

// What numbers may be. Infinite is what a lowest loss is before there was one; a loss that is
// recorded may be NaN.
enum class Numbers : std::uint8_t { finite, not_nan, any };

// Copies what it is shown to a state, or from one. A state that does not belong to what is restored
// throws std::invalid_argument with the entry's name; what was shown before is then changed
// already, so only what is thrown away in that case may be restored.
class StateVisitor {
  public:
    explicit StateVisitor(State& to, Index n_parameters) : to_(&to), n_parameters_(n_parameters) {}
    explicit StateVisitor(const State& from, Index n_parameters)
        : from_(&from), n_parameters_(n_parameters) {}

    [[nodiscard]] bool restores() const { return from_ != nullptr; }
    // Of the network.
    [[nodiscard]] std::size_t n_parameters() const {
        return static_cast<std::size_t>(n_parameters_);
    }

    // Shows a part, whose entries are "name.entry".
    template <class Part>
    void within(const std::string& name, const Part& part) {
        const std::size_t before = prefix_.size();
        prefix_ += name + ".";
        part();
        prefix_.resize(before);
    }

    void visit(std::string_view name, bool& flag);
    // Counts are at most 2⁵³.
    void visit(std::string_view name, Index& count);
    void visit(std::string_view name, std::uint64_t& count);
    void visit(std::string_view name, double& number, Numbers allowed = Numbers::finite);
    void visit(std::string_view name, std::optional<FitEnd>& end);

    // Numbers of any container; as many as `size` says, if it does.
    template <class Container>
    void visit(std::string_view name, Container& numbers, std::optional<std::size_t> size = {},
               Numbers allowed = Numbers::finite) {
        using Number = typename Container::value_type;
        if (to_ != nullptr) {
            save(name, std::vector<Number>(numbers.begin(), numbers.end()));
            return;
        }
        const std::vector<Number>& found = get<Number>(name, size);
        if constexpr (std::is_floating_point_v<Number>) {
            for (const Number number : found) {
                const bool fits = allowed == Numbers::any || std::isfinite(number) ||
                                  (allowed == Numbers::not_nan && !std::isnan(number));
                expect(fits, name, allowed == Numbers::finite ? "finite numbers" : "no NaN");
            }
        }
        numbers.assign(found.begin(), found.end());
    }

    // Throws, for what is restored, unless this holds.
    void expect(bool holds, std::string_view name, std::string_view what) const;
    // Throws if there are entries of which none was shown.
    void finish() const;

  private:
    [[nodiscard]] std::string full(std::string_view name) const {
        return prefix_ + std::string(name);
    }
    [[noreturn]] void fail(std::string_view name, const std::string& expected,
                           const std::string& got) const;
    void save(std::string_view name, StateArray numbers);
    template <class Number>
    const std::vector<Number>& get(std::string_view name, std::optional<std::size_t> size);

    State* to_ = nullptr;
    const State* from_ = nullptr;
    Index n_parameters_;
    std::size_t n_shown_ = 0;
    std::string prefix_;
};

extern template const std::vector<std::uint64_t>& StateVisitor::get(std::string_view,
                                                                    std::optional<std::size_t>);
extern template const std::vector<float>& StateVisitor::get(std::string_view,
                                                            std::optional<std::size_t>);
extern template const std::vector<double>& StateVisitor::get(std::string_view,
                                                             std::optional<std::size_t>);

}  // namespace jetmlp
