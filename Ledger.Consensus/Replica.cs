using Ledger.Consensus.Flight;
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
/// An engine, its journal and its voice, in that order: no promise leaves before the record it rests on is
/// durable, and nothing is signed before either. The node and the simulator run this same class.
/// </summary>
/// <param name="engine">Only this replica steps it.</param>
/// <param name="journal">Where records become durable.</param>
/// <param name="voice">Who signs.</param>
/// <param name="world">Whom it speaks to.</param>
/// <param name="recorder">Keeps every turn, to be run again; null: nobody does.</param>
/// <param name="isSilent">
/// A replica whose promises were lost follows the others and promises nothing: it signs nothing and keeps no
/// record, so what it would have said leaves no trace. It is made anew when it may speak.
/// </param>
public sealed class Replica(
    IEngine engine, IJournal journal, IVoice voice, IWorld world, IFlightRecorder? recorder = null,
    bool isSilent = false)
{
    private readonly Effects _effects = new();
    private readonly List<Input> _stepped = [];
    private readonly Queue<Input> _own = new();

    /// <summary>
    /// True when this replica's own words wait to be heard by itself. They never go through the bounded inbox
    /// (a loop that waits on itself never wakes), so the loop must not sleep while this holds.
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

    /// <summary>
    /// Runs one turn: own words first, then <paramref name="inputs"/>, under one synced write.
    /// </summary>
    public void Turn(IReadOnlyList<Input> inputs)
    {
        recorder?.Begin(engine);
        try
        {
            for (var waiting = _own.Count; waiting > 0; waiting--)
            {
                Step(_own.Dequeue());
            }

            for (var i = 0; i < inputs.Count; i++)
            {
                Step(inputs[i]);
            }
        }
        finally
        {
            // Also of a turn that the engine's own doubts have ended: it is the one to be looked at.
            Record();
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

    private void Step(Input input)
    {
        if (recorder is not null)
        {
            _stepped.Add(input);
        }

        engine.Step(input, _effects);
    }

    private void Record()
    {
        if (recorder is not null)
        {
            recorder.End(_stepped, _effects);
            _stepped.Clear();
        }
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
