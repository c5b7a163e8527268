#include "bindings.hpp"

#include <jetmlp/optim/evidence.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace jetmlp::bindings {

namespace {

Array<double> to_array(const std::vector<double>& numbers) {
    return Array<double>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
}

// A fit by evidence that can be gone on with, and asked where it stands.
class EvidenceFit {
  public:
    EvidenceFit(std::shared_ptr<Objective<double>> objective, const Array<double>& parameters,
                const OptimizerOptions& options)
        : objective_(std::move(objective)),
          iterate_{{parameters.data(), parameters.data() + parameters.size()}, {}} {
        expect_length("parameters", parameters.size(), objective_->architecture().n_parameters());
        iterate_.previous = iterate_.current;
        optimizer_ = options.make<double>(objective_->architecture().n_parameters());
        evidence_ = dynamic_cast<Evidence*>(optimizer_.get());
        if (evidence_ == nullptr) {
            throw std::invalid_argument("options: expected those of Evidence, got others");
        }
        evidence_->check(*objective_);
        evidence_->begin(*objective_, Start::anew);
    }

    void set_precisions(std::vector<double> alphas, std::vector<double> betas) {
        evidence_->set_precisions(std::move(alphas), std::move(betas));
    }

    // Where it stands, and back there with the same data.
    py::dict state() {
        State state;
        StateVisitor visitor(state, n_parameters());
        visit(visitor);
        return to_dict(state);
    }
    void restore(const py::dict& arrays) {
        const State state = to_state(arrays);
        StateVisitor visitor(state, n_parameters());
        visit(visitor);
        visitor.finish();
        evidence_->begin(*objective_, Start::resumed);
    }

    // At most so many steps; returns whether there are more to do.
    bool run(Index n_steps, int n_threads) {
        return run_interruptibly(n_threads, [&](Execution& execution) {
            for (Index i = 0; i < n_steps && !done_; ++i) {
                try {
                    evidence_->run_epoch(*objective_, {}, iterate_, execution);
                } catch (const Diverged&) {
                    done_ = true;
                    break;
                }
                ++n_steps_;
                done_ = evidence_->finished().has_value();
            }
            return !done_;
        });
    }

    py::dict report(bool with_covariance, int n_threads) {
        return to_dict(run_interruptibly(n_threads, [&](Execution& execution) {
            return evidence_->report(with_covariance, execution);
        }));
    }

    [[nodiscard]] Array<double> prior_precisions() const {
        return to_array(evidence_->prior_precisions());
    }
    [[nodiscard]] Array<double> noise_precisions() const {
        return to_array(evidence_->noise_precisions());
    }

    [[nodiscard]] double log_evidence() const { return evidence_->log_evidence(); }
    [[nodiscard]] double noise_beyond(double share) const { return evidence_->noise_beyond(share); }
    [[nodiscard]] Index n_steps() const { return n_steps_; }
    [[nodiscard]] Array<double> parameters() const { return to_array(iterate_.current); }

  private:
    [[nodiscard]] Index n_parameters() const { return objective_->architecture().n_parameters(); }
    void visit(StateVisitor& state) {
        state.visit("parameters", iterate_.current, state.n_parameters());
        state.visit("previous", iterate_.previous, state.n_parameters());
        state.visit("done", done_);
        state.visit("n_steps", n_steps_);
        state.within("optimizer", [&] { evidence_->visit(state); });
    }

    std::shared_ptr<Objective<double>> objective_;
    Iterate<double> iterate_;
    std::unique_ptr<Optimizer<double>> optimizer_;
    Evidence* evidence_ = nullptr;
    bool done_ = false;
    Index n_steps_ = 0;
};

}  // namespace

py::dict to_dict(const EvidenceReport& report) {
    const auto to_indices = [](const std::vector<Index>& numbers) {
        return py::array_t<Index>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
    };
    py::dict result;
    result["parameters"] = to_array(report.parameters);
    result["log_evidence"] = report.log_evidence;
    result["effective_parameters"] = report.effective_parameters;
    result["prior_precisions"] = to_array(report.prior_precisions);
    result["effective_by_group"] = to_array(report.effective_by_group);
    result["noise_precisions"] = to_array(report.noise_precisions);
    result["effective_by_kind"] = to_array(report.effective_by_kind);
    result["entries"] = to_indices(report.entries);
    result["kinds"] = to_indices(report.kinds);
    result["noise_variances"] = to_array(report.noise_variances);
    result["leave_one_out"] = to_array(report.leave_one_out);
    result["leave_one_out_variances"] = to_array(report.leave_one_out_variances);
    if (!report.covariance_factor.empty()) {
        const auto size = static_cast<py::ssize_t>(report.parameters.size());
        result["covariance_factor"] = to_array(report.covariance_factor).reshape({size, size});
    }
    return result;
}

void bind_evidence(py::module_& module) {
    // The reports make many objects of Python's: the end of the interpreter waits until they are
    // made.
    using Guard = py::call_guard<Computation>;
    py::class_<EvidenceFit>(module, "EvidenceFit", "A fit by evidence, a few steps at a time.")
        .def(py::init<std::shared_ptr<Objective<double>>, const Array<double>&,
                      const OptimizerOptions&>(),
             py::arg("objective"), py::arg("parameters").noconvert(), py::arg("options"), Guard())
        .def("set_precisions", &EvidenceFit::set_precisions, py::arg("prior_precisions"),
             py::arg("noise_precisions"))
        .def("state", &EvidenceFit::state)
        .def("restore", &EvidenceFit::restore, py::arg("state"))
        .def("run", &EvidenceFit::run, py::arg("n_steps"), py::arg("n_threads"), Guard())
        .def("report", &EvidenceFit::report, py::arg("with_covariance"), py::arg("n_threads"),
             Guard())
        .def_property_readonly("prior_precisions", &EvidenceFit::prior_precisions)
        .def_property_readonly("noise_precisions", &EvidenceFit::noise_precisions)
        .def_property_readonly("log_evidence", &EvidenceFit::log_evidence)
        .def("noise_beyond", &EvidenceFit::noise_beyond, py::arg("share"))
        .def_property_readonly("n_steps", &EvidenceFit::n_steps)
        .def_property_readonly("parameters", &EvidenceFit::parameters);
}

}  // namespace jetmlp::bindings
