using Ledger.Consensus;
using Ledger.Consensus.Flight;

namespace Ledger.Simulation;

/// <summary>Counts steps: what a run is long by.</summary>
internal sealed class CountedEngine(IEngine engine, Simulator simulator) : IEngine
{
    public void Step(Input input, Effects effects)
    {
        simulator.Steps++;
        engine.Step(input, effects);
    }

    public void Replay(JournalRecord record) => engine.Replay(record);
}

/// <summary>Lets a recorder see the product's engine instead of the one that counts.</summary>
internal sealed class Unwrapping(IFlightRecorder recorder, IEngine engine) : IFlightRecorder
{
    public void Begin(IEngine counted) => recorder.Begin(engine);

    public void End(IReadOnlyList<Input> inputs, Effects effects) => recorder.End(inputs, effects);
}
