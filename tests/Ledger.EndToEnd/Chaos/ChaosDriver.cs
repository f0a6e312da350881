using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Chaos;

/// <summary>Lets the faults of a plan happen to real validators, and mends what it broke.</summary>
internal sealed class ChaosDriver(IReadOnlyList<TestNode> nodes, FaultyNetwork network, Action<string> tell)
{
    private const int LossPercent = 10;

    private static readonly TimeSpan SlowBy = TimeSpan.FromMilliseconds(150);

    private readonly HashSet<TestNode> _killed = [];

    public async Task RunAsync(Round round)
    {
        foreach (var fault in round.Faults)
        {
            Begin(fault);
        }

        await Pause.ForAsync(round.Lasts);
        Mend();
    }

    private void Begin(Fault fault)
    {
        var victim = nodes[fault.Victim];
        switch (fault.Kind)
        {
            case FaultKind.Kill:
                Kill(victim);
                break;
            case FaultKind.Crash:
                Kill(victim);
                Restart(victim);
                break;
            case FaultKind.PowerCut:
                nodes.ToList().ForEach(Kill);
                nodes.ToList().ForEach(Restart);
                break;
            case FaultKind.Freeze:
                victim.Process.Pause();
                break;
            case FaultKind.Isolate:
                network.Part(node => node == fault.Victim);
                break;
            case FaultKind.Halve:
                network.Part(node => node == fault.Victim || node == fault.Other);
                break;
            case FaultKind.CutOneWay:
                network.CutOneWay(fault.Victim, fault.Other);
                break;
            case FaultKind.Reset:
                network.Reset(fault.Victim);
                break;
            case FaultKind.Slow:
                network.Slow(fault.Victim, SlowBy);
                break;
            case FaultKind.Lose:
                network.LoseEverywhere(LossPercent);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "not a fault");
        }
    }

    private void Mend()
    {
        network.Heal();
        foreach (var node in nodes)
        {
            if (_killed.Contains(node))
            {
                Restart(node);
            }

            node.Process.Resume();
            Assert.False(
                node.Process.HasExited,
                $"{node.Name} ended by itself; it said:\n{node.Process.Output}\n{node.Process.Errors}");
        }
    }

    private void Kill(TestNode node)
    {
        Assert.True(
            _killed.Contains(node) || !node.Process.HasExited,
            $"{node.Name} ended by itself; it said:\n{node.Process.Output}\n{node.Process.Errors}");
        node.Process.Kill();
        _killed.Add(node);
        tell($"{node.Name} had said before it was killed:\n{node.Process.Output}{node.Process.Errors}");
    }

    private void Restart(TestNode node)
    {
        node.Start();
        _killed.Remove(node);
    }
}
