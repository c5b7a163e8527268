#include "optim/evidence_workspace.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <stdexcept>

namespace jetmlp {

namespace {

// Two chains of splitmix64's finalizer (Steele, Lea and Flood 2014), from two starts.
class Mixer {
  public:
    void add(std::uint64_t word) {
        for (std::uint64_t& chain : mark_) {
            chain = mixed((chain ^ word) + 0x9e3779b97f4a7c15U);
        }
    }
    template <class Numbers>
    void add_all(const Numbers& numbers) {
        add(numbers.size());
        for (const auto number : numbers) {
            if constexpr (sizeof(number) == sizeof(std::uint64_t)) {
                add(std::bit_cast<std::uint64_t>(number));
            }
        }
    }
    [[nodiscard]] DataMark mark() const { return mark_; }

  private:
    static std::uint64_t mixed(std::uint64_t word) {
        word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
        word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
        return word ^ (word >> 31U);
    }

    // As many as mark_size; of π.
    DataMark mark_{0x243f6a8885a308d3U, 0x13198a2e03707344U};
};

}  // namespace

DataMark mark_of(const Dataset<double>& data, const ResidualLayout& layout) {
    Mixer mixer;
    mixer.add_all(layout.entries());
    mixer.add_all(layout.kinds());
    mixer.add_all(layout.error_targets());
    mixer.add_all(layout.error_scales());
    const auto n_inputs = static_cast<std::size_t>(data.n_inputs());
    for (Index sample = 0; sample < data.n_samples(); ++sample) {
        mixer.add_all(std::span(data.input(sample), n_inputs));
        for (Index k = 0; data.has_directions() && k < data.n_tangents(); ++k) {
            mixer.add_all(std::span(data.direction(sample, k), n_inputs));
        }
    }
    return mixer.mark();
}

void Evidence::visit(StateVisitor& state) {
    state.visit("finished", finished_);
    bool begun = workspace_ != nullptr || saved_ != nullptr;
    state.visit("begun", begun);
    if (!begun) {
        return;
    }
    Saved saved;
    if (workspace_ != nullptr) {
        const Workspace& work = *workspace_;
        saved = {work, work.mark, work.precisions.alphas(), work.precisions.betas()};
    } else if (saved_ != nullptr) {
        saved = *saved_;
    }
    Progress& progress = saved.progress;
    state.visit("data", saved.mark, mark_size);
    state.visit("alphas", saved.alphas);
    state.visit("betas", saved.betas);
    state.visit("of_residuals", progress.of_residuals);
    state.visit("of_parameters", progress.of_parameters, state.n_parameters());
    state.visit("best.log_evidence", progress.best.log_evidence, Numbers::not_nan);
    const bool found = std::isfinite(progress.best.log_evidence);
    state.visit("best.parameters", progress.best.parameters, found ? state.n_parameters() : 0);
    state.visit("best.alphas", progress.best.alphas, found ? saved.alphas.size() : 0);
    state.visit("best.betas", progress.best.betas, found ? saved.betas.size() : 0);
    for (const auto* const precisions :
         {&saved.alphas, &saved.betas, &progress.best.alphas, &progress.best.betas}) {
        const bool positive =
            std::ranges::all_of(*precisions, [](double number) { return number > 0.0; });
        state.expect(positive, "alphas, betas", "numbers above 0");
    }
    state.visit("updates_since_best", progress.updates_since_best);
    state.visit("n_steps", progress.n_steps);
    state.visit("n_updates", progress.n_updates);
    state.visit("damping", progress.damping, Numbers::not_nan);
    state.expect(progress.damping > 0.0, "damping", "a number above 0");
    state.visit("raise", progress.raise, Numbers::not_nan);
    state.expect(progress.raise > 1.0, "raise", "a number above 1");
    state.visit("stuck", progress.stuck);
    if (state.restores()) {
        saved_ = std::make_unique<Saved>(std::move(saved));
    }
}

void Evidence::go_on(Workspace& next, Start start) const {
    if (saved_ == nullptr) {
        if (workspace_ != nullptr && workspace_->mark == next.mark) {
            static_cast<Progress&>(next) = *workspace_;
            next.precisions = workspace_->precisions;
        }
    } else if (saved_->mark == next.mark) {
        if (saved_->progress.of_residuals.size() != next.n_residuals) {
            throw std::invalid_argument("of_residuals: expected one number for each residual");
        }
        if (!saved_->progress.best.parameters.empty()) {  // as strictly as those that are next
            next.precisions.set(saved_->progress.best.alphas, saved_->progress.best.betas);
        }
        next.precisions.set(saved_->alphas, saved_->betas);
        static_cast<Progress&>(next) = saved_->progress;
    } else if (start == Start::resumed) {
        throw std::invalid_argument("data: expected those of the fit that is resumed, got others");
    }
}

}  // namespace jetmlp
