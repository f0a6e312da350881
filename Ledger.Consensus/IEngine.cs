namespace Ledger.Consensus;

/// <summary>
/// A consensus engine as a pure state machine: no clock, no thread, no socket, no disk, no randomness. The
/// same inputs give the same effects, byte for byte; the simulator and the replay of incidents rest on that.
/// </summary>
public interface IEngine
{
    /// <summary>Takes one input and writes down what shall follow from it.</summary>
    void Step(Input input, Effects effects);

    /// <summary>Folds one journal record in recovery; says nothing.</summary>
    void Replay(JournalRecord record);
}
