using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// A validator that lies. It runs the honest code and holds a validator's key; a strategy stands between that
/// code and the network, and may say anything of its own. What it does not override it does as an honest one
/// would.
/// </summary>
internal abstract class Liar
{
    private Simulator? _simulator;
    private Host? _host;

    /// <summary>As users name it.</summary>
    public abstract string Name { get; }

    /// <summary>How often it gets to act on its own.</summary>
    public virtual TimeSpan ActsEvery => TimeSpan.FromMilliseconds(150);

    protected Simulator World => _simulator!;

    protected Host Host => _host!;

    protected ValidatorIndex Self => Host.Self;

    protected Chance Chance { get; private set; } = new(0);

    protected Conspiracy Conspiracy => World.Conspiracy;

    protected View View => Host.Life?.Engine.View ?? View.Zero;

    protected Height Final => Host.Ledger.Head?.Height ?? Height.Genesis;

    public void Join(Simulator simulator, Host host, Chance chance)
    {
        (_simulator, _host, Chance) = (simulator, host, chance);
        Begin();
        ActLater();
    }

    /// <summary>What the honest code says.</summary>
    public virtual void OnSay(Envelope envelope, Recipients to) => Send(envelope, to);

    /// <summary>What it hears.</summary>
    /// <returns>Whether the honest code shall hear it too.</returns>
    public virtual bool OnHear(Envelope envelope) => true;

    /// <summary>Whether a transaction enters its mempool.</summary>
    public virtual bool Admits(Transaction transaction) => true;

    /// <summary>What it proposes instead of what the honest code would.</summary>
    public virtual Block OnPropose(ProposalRequest request, Block block) => block;

    /// <summary>What it answers a peer that lacks blocks.</summary>
    public virtual Parcel.Answer OnAsked(Parcel.Question question, Parcel.Answer honest) => honest;

    protected virtual void Begin()
    {
    }

    protected virtual void Act()
    {
    }

    protected void Send(Envelope envelope, Recipients to) => Host.Life?.Say(envelope, to);

    /// <summary>Says anything, well signed, to whom it likes.</summary>
    protected void Say(PromiseMessage message, params IEnumerable<ValidatorIndex> to)
    {
        var envelope = Sign(message);
        foreach (var receiver in to)
        {
            Send(envelope, Recipients.Just(receiver));
        }
    }

    protected Envelope Sign(PromiseMessage message)
        => new(Self, message, World.Signatures.Sign(Self, message.StatementOn(World.Genesis.Hash)));

    protected IEnumerable<ValidatorIndex> Others()
    {
        for (var i = 0; i < World.Validators.Count; i++)
        {
            if (i != Self.Value)
            {
                yield return new(i);
            }
        }
    }

    /// <summary>Each of the others with this probability, in percent.</summary>
    protected List<ValidatorIndex> SomeOthers(int percent) => [.. Others().Where(_ => Chance.Percent(percent))];

    /// <summary>A block that differs only in its time, so that it is as valid.</summary>
    protected static Block Sibling(Block block, int milliseconds)
        => new(
            block.Header with { Time = block.Header.Time.Plus(TimeSpan.FromMilliseconds(milliseconds)) },
            block.Transactions);

    protected Digest AnyDigest() => Sha256.Hash(BitConverter.GetBytes(Chance.Next()));

    private void ActLater() => World.Agenda.After(
        Chance.Between(ActsEvery / 2, ActsEvery * 2),
        () =>
        {
            if (World.LiarsAct)
            {
                if (Host.Life is not null)
                {
                    Act();
                }

                ActLater();
            }
        });
}

/// <summary>
/// What liars share: whom each of two stories is told to, and every certificate any of them has seen.
/// </summary>
internal sealed class Conspiracy(Simulator simulator, Chance chance)
{
    private const int Kept = 64;

    private readonly Dictionary<ulong, bool[]> _sides = [];
    private readonly Dictionary<(View View, Height Height), Subject[]> _stories = [];
    private readonly Queue<QuorumCertificate> _certificates = new();

    public IReadOnlyCollection<QuorumCertificate> Certificates => _certificates;

    /// <summary>Which of the two stories this validator is told in a view.</summary>
    public int SideOf(View view, ValidatorIndex validator)
    {
        if (!_sides.TryGetValue(view.Value, out var sides))
        {
            sides = [.. Enumerable.Range(0, simulator.Validators.Count).Select(_ => chance.OneIn(2))];
            _sides[view.Value] = sides;

            // Two stories need two listeners that are not in the plot.
            var honest = simulator.Hosts.Where(host => host.IsHonest).Select(host => host.Self.Value).ToList();
            if (honest.Count > 1 && honest.TrueForAll(i => sides[i] == sides[honest[0]]))
            {
                sides[chance.Pick(honest)] ^= true;
            }
        }

        return sides[validator.Value] ? 1 : 0;
    }

    public void TellStories(Subject first, Subject second) => _stories[(first.View, first.Height)] = [first, second];

    /// <summary>What is said at a place to this validator, if two stories are told there.</summary>
    public Subject? StoryFor(View view, Height height, ValidatorIndex validator)
        => _stories.TryGetValue((view, height), out var stories) ? stories[SideOf(view, validator)] : null;

    public void Keep(QuorumCertificate certificate)
    {
        _certificates.Enqueue(certificate);
        if (_certificates.Count > Kept)
        {
            _certificates.Dequeue();
        }
    }
}
