namespace Ledger.Consensus.Flight;

/// <summary>
/// Who keeps what an engine was given, so that it can be given the same again. It is called on the consensus
/// thread and must neither wait nor throw.
/// </summary>
public interface IFlightRecorder
{
    /// <summary>Before a turn: the moment to draw the engine, where a recording shall begin.</summary>
    void Begin(IEngine engine);

    /// <summary>
    /// After the turn's steps. Both arguments are the caller's own and change after the call.
    /// </summary>
    void End(IReadOnlyList<Input> inputs, Effects effects);
}
