namespace Ledger.Consensus.Flight;

/// <summary>A turn run again.</summary>
/// <param name="Turn">As recorded.</param>
/// <param name="Effects">What the engine wants now.</param>
/// <param name="IsSame">Whether that is what it wanted then.</param>
/// <param name="Fault">What the engine found itself to be wrong about; it stops there, now as then.</param>
public sealed record ReplayedTurn(FlightTurn Turn, TurnEffects Effects, bool IsSame, string? Fault);

/// <summary>Runs the very engine of a recording over what it was given.</summary>
public static class FlightReplay
{
    public static IEnumerable<ReplayedTurn> Run(FlightRecording recording)
    {
        var engine = recording.Start.Revive();
        Effects effects = new();
        foreach (var turn in recording.Turns)
        {
            var fault = Step(engine, turn.Inputs, effects);
            var wanted = effects.Copy();
            effects.Clear();
            yield return new(turn, wanted, FlightFrames.HashOf(wanted) == turn.Effects, fault);
            if (fault is not null)
            {
                yield break;
            }
        }
    }

    private static string? Step(IEngine engine, IReadOnlyList<Input> inputs, Effects effects)
    {
        try
        {
            foreach (var input in inputs)
            {
                engine.Step(input, effects);
            }

            return null;
        }
        catch (Exception fault)
        {
            // Whatever ended the engine then ends it now; that is what is looked for.
            return fault.Message;
        }
    }
}
