using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// A validator that lost its journal and goes on as if it had never voted: honest code, and a liar for all
/// that.
/// </summary>
internal sealed class Amnesia : Liar
{
    public override string Name => "amnesia";

    public override TimeSpan ActsEvery => TimeSpan.FromSeconds(1);

    protected override void Act()
    {
        Host.Die("loses its journal");
        Host.Journal.Lose();
    }
}

/// <summary>
/// Two live copies of one validator with one key, each with its own disk, each heard by some (Bano et al.,
/// "Twins", 2020): most lies that a validator can tell come from it without being thought of.
/// </summary>
internal sealed class Twin(Twin? original = null) : Liar
{
    private ulong _heard;

    public override string Name => "twins";

    public override TimeSpan ActsEvery => TimeSpan.FromMilliseconds(700);

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        foreach (var receiver in to.Only is { } only ? [only] : Others())
        {
            if (Meets(receiver))
            {
                Send(envelope, Recipients.Just(receiver));
            }
        }
    }

    /// <summary>A NEW-VIEW proves itself, and is passed on by peers that either may meet.</summary>
    protected override bool OnHear(Envelope envelope) => envelope.Message is NewView || Meets(envelope.From);

    protected override void Begin() => _heard = Chance.Next();

    protected override void Act() => _heard = Chance.Next();

    /// <summary>Each peer meets one of the two, and now and then both.</summary>
    private bool Meets(ValidatorIndex peer)
    {
        var bits = (original?._heard ?? _heard) >> (2 * peer.Value);
        return (bits & 3) switch
        {
            0 => original is null,
            1 => original is not null,
            _ => (bits & 1) == 0 || original is null,
        };
    }
}
