namespace Ledger.Cli.Doctor.Rules;

/// <summary>
/// Clocks that are apart: a block whose time is far from a validator's clock gets no vote from it.
/// </summary>
internal sealed class ClockOff : IRule
{
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(2);

    public IEnumerable<Finding> Judge(Facts facts)
    {
        // This machine's clock has a voice as well: of two nodes alone nobody could say which is off.
        TimeSpan[] offsets =
            [.. facts.Answers.Select(visit => visit.ClockOffset).Append(TimeSpan.Zero).Order()];
        var right = offsets[offsets.Length / 2];
        foreach (var visit in facts.Answers)
        {
            var off = visit.ClockOffset - right;
            if (off.Duration() > Tolerated + visit.RoundTrip)
            {
                yield return new(
                    "clock_off", Severity.Degraded, [visit.Name],
                    $"{visit.Name}'s clock is {Words(off)}",
                    $"set it right and keep it so (chrony, systemd-timesyncd) on {visit.Name}'s machine: "
                        + "beyond 10 s it refuses the others' blocks, and they refuse its own");
            }
        }

        if (facts.Answers.Count > 1 && right.Duration() > Tolerated
            + facts.Answers.Max(visit => visit.RoundTrip))
        {
            yield return new(
                "our_clock_off", Severity.Note, [], $"this machine's own clock is {Words(-right)}",
                "set it right: what it signs may be refused as expired or too far ahead");
        }
    }

    private static string Words(TimeSpan off)
        => $"{off.Duration().TotalSeconds:0} s {(off < TimeSpan.Zero ? "behind" : "ahead of")} the others'";
}
