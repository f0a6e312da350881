using Ledger.Consensus.Pbft;

namespace Ledger.Simulation;

/// <summary>
/// What a run begins with, drawn from its seed: the values that an operator may set, and the hosts, some of
/// them liars.
/// </summary>
internal static class Setting
{
    public static List<Host> MakeHosts(Simulator simulator, Chance chance)
    {
        var options = simulator.Options;
        List<Host> hosts =
            [.. Enumerable.Range(0, simulator.Seats).Select(i => new Host(simulator, i, new(i)))];
        var drawn = chance.Below(options.Faulty + 1);
        var liars = options.IsRaft ? 0 : Math.Min(options.Byzantine ?? drawn, options.Nodes);
        List<Host> shuffled = [.. hosts];
        chance.Shuffle(shuffled);

        // More than f of one mind can fork the chain; the checker must see it.
        var strategy = options.Strategy ?? (liars > options.Faulty ? "equivocate" : null);
        foreach (var host in shuffled.Take(liars))
        {
            host.Liar = strategy is null ? Strategies.Draw(chance) : Strategies.Make(strategy);
        }

        foreach (var host in shuffled.Take(liars))
        {
            host.Liar!.Join(simulator, host, chance.Fork());
            if (host.Liar is Twin original)
            {
                var twin = new Host(simulator, hosts.Count, host.Self) { Liar = new Twin(original) };
                hosts.Add(twin);
                twin.Liar.Join(simulator, twin, chance.Fork());
            }
        }

        return hosts;
    }

    /// <summary>
    /// Small and large windows, timeouts shorter and longer than a round: all that an operator may set.
    /// </summary>
    public static PbftOptions DrawOptions(Chance chance) => PbftOptions.Default with
    {
        Window = chance.Pick([1, 2, 4, 8]),
        ViewTimeout = TimeSpan.FromMilliseconds(chance.Pick([100, 300, 1000])),
        ViewTimeoutMax = TimeSpan.FromSeconds(8),
        RepeatEvery = TimeSpan.FromMilliseconds(chance.Pick([100, 500])),
        CompactionBytes = 1024 * chance.Pick([1, 8, 16 * 1024]),
    };
}
