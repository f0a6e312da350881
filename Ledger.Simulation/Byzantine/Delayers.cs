using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>Says nothing to some, now these, now those.</summary>
internal sealed class SelectivelySilent : Liar
{
    private HashSet<ValidatorIndex> _shunned = [];

    public override string Name => "silent";

    public override TimeSpan ActsEvery => TimeSpan.FromSeconds(1);

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        foreach (var receiver in to.Only is { } only ? [only] : Others())
        {
            if (!_shunned.Contains(receiver))
            {
                Send(envelope, Recipients.Just(receiver));
            }
        }
    }

    protected override void Act() => _shunned = [.. SomeOthers(Chance.Pick([30, 60, 100]))];
}

/// <summary>As primary it proposes just before its time is up.</summary>
internal sealed class SlowPrimary : Liar
{
    public override string Name => "slow-primary";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        if (envelope.Message is PrePrepare && to.Only is null)
        {
            var late = World.Pbft.ViewTimeout * Chance.Between(60, 105) / 100;
            World.Agenda.After(late, () => Send(envelope, to));
            return;
        }

        Send(envelope, to);
    }
}

/// <summary>Leaves one client's transactions out, as primary and in gossip.</summary>
internal sealed class Censor : Liar
{
    public override string Name => "censor";

    protected override bool Admits(Transaction transaction)
        => transaction.Sender != World.Clients[0].Key.PublicKey;
}

/// <summary>
/// Reports as little as it can when a view is left, and to those who read: the certificate of genesis, or an
/// old one.
/// </summary>
internal sealed class HidesHighest : Liar
{
    public override string Name => "hide-highest";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        switch (envelope.Message)
        {
            case ViewChange viewChange:
                Conspiracy.Keep(viewChange.Highest);
                var low = new ViewChange(viewChange.Target, Low(viewChange.Target));
                Say(low, to.Only is { } only ? [only] : Others());
                break;
            case ReadAnswer answer:
                Send(envelope with { Message = answer with { Highest = Low(View.Next) } }, to);
                break;
            case Commit commit when Chance.OneIn(2):
                Say(commit, SomeOthers(40));
                break;
            default:
                Send(envelope, to);
                break;
        }
    }

    private QuorumCertificate Low(View target)
    {
        var old = Conspiracy.Certificates.Where(certificate => certificate.Subject.View < target).ToList();
        return old.Count > 0 && Chance.OneIn(2)
            ? Chance.Pick(old)
            : Epoch.StartCertificate;
    }
}

/// <summary>Asks for the next view again and again, with reason or without.</summary>
internal sealed class Impatient : Liar
{
    public override string Name => "impatient";

    public override TimeSpan ActsEvery => TimeSpan.FromMilliseconds(400);

    protected override void Act()
    {
        var target = new View(View.Value + (ulong)Chance.Between(1, 3));
        Say(new ViewChange(target, Epoch.StartCertificate), SomeOthers(80));
    }
}
