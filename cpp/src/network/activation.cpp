#include "kernels/activations.hpp"
#include "network/names.hpp"

#include <jetmlp/network/activation.hpp>

#include <algorithm>

namespace jetmlp {

std::span<const std::string_view> activation_names() { return kernels::Activations::names; }

Activation activation_from_name(std::string_view name) {
    return from_name<Activation>("activation", name, activation_names());
}

template <class T>
void evaluate_activation(Activation activation, Index count, const T* z, T* a, T* s1, T* s2,
                         T* s3) {
    using kernels::lanes;
    kernels::visit(activation, [&]<class Sigma>(Sigma) {
        for (Index i = 0; i < count; i += lanes<T>) {
            const Index n = std::min(lanes<T>, count - i);
            kernels::Vector<T> argument{};
            std::copy_n(z + i, n, reinterpret_cast<T*>(&argument));
            const kernels::ActivationJet<T, 1> jet = Sigma::at(kernels::Pack<T, 1>{{argument}});
            const auto write = [&](T* to, const kernels::Vector<T>& v) {
                if (to != nullptr) {
                    std::copy_n(reinterpret_cast<const T*>(&v), n, to + i);
                }
            };
            write(a, jet.a.part[0]);
            write(s1, jet.s1.part[0]);
            write(s2, jet.s2.part[0]);
            write(s3, jet.s3.part[0]);
        }
    });
}

template void evaluate_activation(Activation, Index, const float*, float*, float*, float*, float*);
template void evaluate_activation(Activation, Index, const double*, double*, double*, double*,
                                  double*);

}  // namespace jetmlp
