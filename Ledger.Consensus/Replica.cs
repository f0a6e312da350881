using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus;

/// <summary>Where records become durable. Both calls return only after the disk has them, or throw.</summary>
public interface IJournal
{
    void Append(IReadOnlyList<JournalRecord> records);

    /// <summary>Atomically replaces everything by <paramref name="records"/>.</summary>
    void Replace(IReadOnlyList<JournalRecord> records);
}

/// <summary>The only holder of the validator's key.</summary>
public interface IVoice
{
    ValidatorIndex Self { get; }

    /// <summary>The genesis hash, part of every statement.</summary>
    Digest Chain { get; }

    Signature Sign(in Statement statement);
}

/// <summary>What a replica speaks into: the node's transport and services, or the simulator.</summary>
public interface IWorld
{
    /// <summary>To one validator, or to all others. Must not block.</summary>
    void Send(Envelope envelope, Recipients to);

    void Carry(Effect effect);
}

/// <summary>
/// An engine, its journal and its voice, in that order: no promise leaves before the record it rests on is durable,
/// and nothing is signed before either. The node and the simulator run this same class.
/// </summary>
/// <param name="engine">The consensus engine.</param>
/// <param name="journal">Where its records become durable.</param>
/// <param name="voice">Who signs.</param>
/// <param name="world">Whom it speaks to.</param>
/// <param name="isSilent">
/// A replica whose promises were lost follows the others and promises nothing: it signs nothing and keeps no record, so
/// what it would have said leaves no trace. It is made anew when it may speak.
/// </param>
public sealed class Replica(IEngine engine, IJournal journal, IVoice voice, IWorld world, bool isSilent = false)
{
    private readonly Effects _effects = new();
    private readonly Queue<Input> _own = new();

    /// <summary>
    /// True when this replica's own words wait to be heard by itself. They never go through the bounded inbox (a loop
    /// that waits on itself never wakes), so the loop must not sleep while this holds.
    /// </summary>
    public bool HasOwnWords => _own.Count > 0;

    /// <summary>Folds what the journal holds; then the replica may speak.</summary>
    public void Recover(IEnumerable<JournalRecord> records)
    {
        foreach (var record in records)
        {
            engine.Replay(record);
        }

        _own.Enqueue(new Input.Started());
    }

    /// <summary>Runs one turn: own words first, then <paramref name="inputs"/>, under one synced write.</summary>
    public void Turn(IReadOnlyList<Input> inputs)
    {
        for (var waiting = _own.Count; waiting > 0; waiting--)
        {
            engine.Step(_own.Dequeue(), _effects);
        }

        for (var i = 0; i < inputs.Count; i++)
        {
            engine.Step(inputs[i], _effects);
        }

        SendHints();
        if (!isSilent)
        {
            Persist();
            SendPromises();
        }

        CarryRequests();
        _effects.Clear();
    }

    private void SendHints()
    {
        foreach (var (message, to) in _effects.Hints)
        {
            world.Send(new(voice.Self, message), to);
        }

        foreach (var (said, to) in _effects.Repeats)
        {
            world.Send(said.Envelope, to);
        }
    }

    private void Persist()
    {
        if (_effects.Compaction is { } whole)
        {
            journal.Replace(whole);
        }
        else if (_effects.Records.Count > 0)
        {
            journal.Append(_effects.Records);
        }
    }

    private void SendPromises()
    {
        foreach (var (message, to) in _effects.Promises)
        {
            var envelope = new Envelope(voice.Self, message, voice.Sign(message.StatementOn(voice.Chain)));
            if (to.Only != voice.Self)
            {
                world.Send(envelope, to);
            }

            _own.Enqueue(new Input.Received(new Verified(envelope)));
        }
    }

    private void CarryRequests()
    {
        foreach (var effect in _effects.Requests)
        {
            world.Carry(effect);
        }
    }
}
