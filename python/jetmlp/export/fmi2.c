/*
 * FMI 2.0 for a map y(x) without states, for model exchange and co-simulation. The value reference of x[k] is k,
 * that of y[o] is FMU_INPUTS + o. Before this text stand the definitions of
 *     FMU_IDENTIFIER, FMU_INPUTS, FMU_OUTPUTS, FMU_GUID, FMU_JACOBIAN (the function) and FMU_START (values of x).
 * The few declarations of FMI that are needed stand here, so that it compiles without its headers.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef void *fmi2Component;
typedef void *fmi2FMUstate;
typedef unsigned int fmi2ValueReference;
typedef double fmi2Real;
typedef int fmi2Integer;
typedef int fmi2Boolean;
typedef char fmi2Byte;
typedef const char *fmi2String;
typedef enum { fmi2OK, fmi2Warning, fmi2Discard, fmi2Error, fmi2Fatal, fmi2Pending } fmi2Status;
typedef enum { fmi2ModelExchange, fmi2CoSimulation } fmi2Type;
typedef enum { fmi2DoStepStatus, fmi2PendingStatus, fmi2LastSuccessfulTime, fmi2Terminated } fmi2StatusKind;
typedef struct {
    void (*logger)(void *environment, fmi2String instance, fmi2Status status, fmi2String category, fmi2String message, ...);
    void *(*allocateMemory)(size_t, size_t);
    void (*freeMemory)(void *);
    void (*stepFinished)(void *, fmi2Status);
    void *environment;
} fmi2CallbackFunctions;
typedef struct {
    fmi2Boolean newDiscreteStatesNeeded, terminateSimulation, nominalsOfContinuousStatesChanged;
    fmi2Boolean valuesOfContinuousStatesChanged, nextEventTimeDefined;
    fmi2Real nextEventTime;
} fmi2EventInfo;

#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)
/* In a library that is loaded names are plain; linked with others (FMU_STATIC) they begin with the identifier. */
#ifdef FMU_STATIC
#define NAME(function) NAMED(NAMED(FMU_IDENTIFIER, _), function)
#else
#define NAME(function) function
#endif
#if defined(_WIN32)
#define PUBLIC(type, function) __declspec(dllexport) type NAME(function)
#elif defined(__GNUC__)
#define PUBLIC(type, function) __attribute__((visibility("default"))) type NAME(function)
#else
#define PUBLIC(type, function) type NAME(function)
#endif
#define UNUSED(argument) (void)(argument)

typedef struct {
    double x[FMU_INPUTS];
    double y[FMU_OUTPUTS];
    double jacobian[FMU_OUTPUTS * FMU_INPUTS];
    double time;
    int computed;
    const fmi2CallbackFunctions *callbacks;
    char *name;
} Instance;

static const double start[FMU_INPUTS] = FMU_START;

static fmi2Status refuse(Instance *self, const char *message)
{
    if (self->callbacks != NULL && self->callbacks->logger != NULL) {
        self->callbacks->logger(self->callbacks->environment, self->name, fmi2Error, "logStatusError", "%s", message);
    }
    return fmi2Error;
}

static void compute(Instance *self)
{
    if (!self->computed) {
        FMU_JACOBIAN(self->x, self->y, self->jacobian);
        self->computed = 1;
    }
}

static void begin(Instance *self)
{
    memcpy(self->x, start, sizeof start);
    self->computed = 0;
}

PUBLIC(const char *, fmi2GetTypesPlatform)(void) { return "default"; }
PUBLIC(const char *, fmi2GetVersion)(void) { return "2.0"; }

PUBLIC(fmi2Component, fmi2Instantiate)(fmi2String name, fmi2Type type, fmi2String guid, fmi2String resources,
    const fmi2CallbackFunctions *callbacks, fmi2Boolean visible, fmi2Boolean logging)
{
    Instance *self;
    UNUSED(type);
    UNUSED(resources);
    UNUSED(visible);
    UNUSED(logging);
    if (name == NULL || guid == NULL || strcmp(guid, FMU_GUID) != 0) {
        if (callbacks != NULL && callbacks->logger != NULL) {
            callbacks->logger(callbacks->environment, name != NULL ? name : "", fmi2Error, "logStatusError",
                "guid: expected %s, got another", FMU_GUID);
        }
        return NULL;
    }
    self = (Instance *)calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->name = (char *)malloc(strlen(name) + 1);
    if (self->name == NULL) {
        free(self);
        return NULL;
    }
    strcpy(self->name, name);
    self->callbacks = callbacks;
    begin(self);
    return self;
}

PUBLIC(void, fmi2FreeInstance)(fmi2Component c)
{
    if (c != NULL) {
        free(((Instance *)c)->name);
        free(c);
    }
}

PUBLIC(fmi2Status, fmi2Reset)(fmi2Component c)
{
    begin((Instance *)c);
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2GetReal)(fmi2Component c, const fmi2ValueReference vr[], size_t n, fmi2Real value[])
{
    Instance *self = (Instance *)c;
    size_t i;
    for (i = 0; i < n; ++i) {
        if (vr[i] < FMU_INPUTS) {
            value[i] = self->x[vr[i]];
        } else if (vr[i] - FMU_INPUTS < FMU_OUTPUTS) {
            compute(self);
            value[i] = self->y[vr[i] - FMU_INPUTS];
        } else {
            return refuse(self, "fmi2GetReal: expected the reference of an input or output");
        }
    }
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SetReal)(fmi2Component c, const fmi2ValueReference vr[], size_t n, const fmi2Real value[])
{
    Instance *self = (Instance *)c;
    size_t i;
    for (i = 0; i < n; ++i) {
        if (vr[i] >= FMU_INPUTS) {
            return refuse(self, "fmi2SetReal: expected the reference of an input");
        }
    }
    for (i = 0; i < n; ++i) {
        self->x[vr[i]] = value[i];
        self->computed = 0;
    }
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2GetDirectionalDerivative)(fmi2Component c, const fmi2ValueReference unknown[], size_t n_unknown,
    const fmi2ValueReference known[], size_t n_known, const fmi2Real seed[], fmi2Real sensitivity[])
{
    Instance *self = (Instance *)c;
    size_t i, k;
    compute(self);
    for (i = 0; i < n_unknown; ++i) {
        const fmi2ValueReference o = unknown[i] - FMU_INPUTS;
        double sum = 0.0;
        if (unknown[i] < FMU_INPUTS || o >= FMU_OUTPUTS) {
            return refuse(self, "fmi2GetDirectionalDerivative: expected outputs as unknowns");
        }
        for (k = 0; k < n_known; ++k) {
            if (known[k] >= FMU_INPUTS) {
                return refuse(self, "fmi2GetDirectionalDerivative: expected inputs as knowns");
            }
            sum += self->jacobian[o * FMU_INPUTS + known[k]] * seed[k];
        }
        sensitivity[i] = sum;
    }
    return fmi2OK;
}

/* There are no variables of other types. */
#define NO_VARIABLES(function, constness, type)                                                                     \
    PUBLIC(fmi2Status, function)(fmi2Component c, const fmi2ValueReference vr[], size_t n, constness type value[]) \
    {                                                                                                               \
        UNUSED(vr);                                                                                                 \
        UNUSED(value);                                                                                              \
        return n == 0 ? fmi2OK : refuse((Instance *)c, #function ": expected no variables of this type");          \
    }
#define NO_CONST
NO_VARIABLES(fmi2GetInteger, NO_CONST, fmi2Integer)
NO_VARIABLES(fmi2GetBoolean, NO_CONST, fmi2Boolean)
NO_VARIABLES(fmi2GetString, NO_CONST, fmi2String)
NO_VARIABLES(fmi2SetInteger, const, fmi2Integer)
NO_VARIABLES(fmi2SetBoolean, const, fmi2Boolean)
NO_VARIABLES(fmi2SetString, const, fmi2String)

/* The state of an instance is its inputs. */
PUBLIC(fmi2Status, fmi2GetFMUstate)(fmi2Component c, fmi2FMUstate *state)
{
    Instance *self = (Instance *)c;
    if (*state == NULL) {
        *state = malloc(sizeof start);
    }
    if (*state == NULL) {
        return refuse(self, "fmi2GetFMUstate: no memory");
    }
    memcpy(*state, self->x, sizeof start);
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SetFMUstate)(fmi2Component c, fmi2FMUstate state)
{
    Instance *self = (Instance *)c;
    memcpy(self->x, state, sizeof start);
    self->computed = 0;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2FreeFMUstate)(fmi2Component c, fmi2FMUstate *state)
{
    UNUSED(c);
    free(*state);
    *state = NULL;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SerializedFMUstateSize)(fmi2Component c, fmi2FMUstate state, size_t *size)
{
    UNUSED(c);
    UNUSED(state);
    *size = sizeof start;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SerializeFMUstate)(fmi2Component c, fmi2FMUstate state, fmi2Byte bytes[], size_t size)
{
    if (size < sizeof start) {
        return refuse((Instance *)c, "fmi2SerializeFMUstate: expected more room");
    }
    memcpy(bytes, state, sizeof start);
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2DeSerializeFMUstate)(fmi2Component c, const fmi2Byte bytes[], size_t size, fmi2FMUstate *state)
{
    if (size != sizeof start) {
        return refuse((Instance *)c, "fmi2DeSerializeFMUstate: expected a state of this FMU");
    }
    if (*state == NULL) {
        *state = malloc(sizeof start);
    }
    if (*state == NULL) {
        return refuse((Instance *)c, "fmi2DeSerializeFMUstate: no memory");
    }
    memcpy(*state, bytes, sizeof start);
    return fmi2OK;
}

/* Nothing depends on time, and nothing happens by itself. */
#define NOTHING(function)                              \
    PUBLIC(fmi2Status, function)(fmi2Component c)      \
    {                                                  \
        UNUSED(c);                                     \
        return fmi2OK;                                 \
    }
NOTHING(fmi2EnterInitializationMode)
NOTHING(fmi2ExitInitializationMode)
NOTHING(fmi2Terminate)
NOTHING(fmi2EnterEventMode)
NOTHING(fmi2EnterContinuousTimeMode)
NOTHING(fmi2CancelStep)

PUBLIC(fmi2Status, fmi2SetDebugLogging)(fmi2Component c, fmi2Boolean on, size_t n, const fmi2String categories[])
{
    UNUSED(c);
    UNUSED(on);
    UNUSED(n);
    UNUSED(categories);
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SetupExperiment)(fmi2Component c, fmi2Boolean tolerance_given, fmi2Real tolerance,
    fmi2Real start_time, fmi2Boolean stop_given, fmi2Real stop_time)
{
    UNUSED(tolerance_given);
    UNUSED(tolerance);
    UNUSED(stop_given);
    UNUSED(stop_time);
    ((Instance *)c)->time = start_time;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2NewDiscreteStates)(fmi2Component c, fmi2EventInfo *info)
{
    UNUSED(c);
    memset(info, 0, sizeof *info);
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2CompletedIntegratorStep)(fmi2Component c, fmi2Boolean no_set_state, fmi2Boolean *enter_event,
    fmi2Boolean *terminate)
{
    UNUSED(c);
    UNUSED(no_set_state);
    *enter_event = 0;
    *terminate = 0;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SetTime)(fmi2Component c, fmi2Real time)
{
    ((Instance *)c)->time = time;
    return fmi2OK;
}

#define NO_STATES(function, constness)                                                             \
    PUBLIC(fmi2Status, function)(fmi2Component c, constness fmi2Real x[], size_t n)                \
    {                                                                                              \
        UNUSED(x);                                                                                 \
        return n == 0 ? fmi2OK : refuse((Instance *)c, #function ": expected no continuous states"); \
    }
NO_STATES(fmi2SetContinuousStates, const)
NO_STATES(fmi2GetContinuousStates, NO_CONST)
NO_STATES(fmi2GetDerivatives, NO_CONST)
NO_STATES(fmi2GetEventIndicators, NO_CONST)
NO_STATES(fmi2GetNominalsOfContinuousStates, NO_CONST)

PUBLIC(fmi2Status, fmi2DoStep)(fmi2Component c, fmi2Real time, fmi2Real step, fmi2Boolean no_set_state)
{
    UNUSED(no_set_state);
    ((Instance *)c)->time = time + step;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2SetRealInputDerivatives)(fmi2Component c, const fmi2ValueReference vr[], size_t n,
    const fmi2Integer order[], const fmi2Real value[])
{
    UNUSED(vr);
    UNUSED(order);
    UNUSED(value);
    return n == 0 ? fmi2OK : refuse((Instance *)c, "fmi2SetRealInputDerivatives: inputs are not interpolated");
}

PUBLIC(fmi2Status, fmi2GetRealOutputDerivatives)(fmi2Component c, const fmi2ValueReference vr[], size_t n,
    const fmi2Integer order[], fmi2Real value[])
{
    UNUSED(vr);
    UNUSED(order);
    UNUSED(value);
    return n == 0 ? fmi2OK : refuse((Instance *)c, "fmi2GetRealOutputDerivatives: there are none by time");
}

PUBLIC(fmi2Status, fmi2GetRealStatus)(fmi2Component c, const fmi2StatusKind kind, fmi2Real *value)
{
    if (kind != fmi2LastSuccessfulTime) {
        return fmi2Discard;
    }
    *value = ((Instance *)c)->time;
    return fmi2OK;
}

PUBLIC(fmi2Status, fmi2GetBooleanStatus)(fmi2Component c, const fmi2StatusKind kind, fmi2Boolean *value)
{
    UNUSED(c);
    if (kind != fmi2Terminated) {
        return fmi2Discard;
    }
    *value = 0;
    return fmi2OK;
}

/* No step is ever pending. */
#define NO_STATUS(function, type)                                                            \
    PUBLIC(fmi2Status, function)(fmi2Component c, const fmi2StatusKind kind, type *value)    \
    {                                                                                        \
        UNUSED(c);                                                                           \
        UNUSED(kind);                                                                        \
        UNUSED(value);                                                                       \
        return fmi2Discard;                                                                  \
    }
NO_STATUS(fmi2GetStatus, fmi2Status)
NO_STATUS(fmi2GetIntegerStatus, fmi2Integer)
NO_STATUS(fmi2GetStringStatus, fmi2String)
