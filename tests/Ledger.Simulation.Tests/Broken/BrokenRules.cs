namespace Ledger.Simulation.Tests.Broken;

/// <summary>
/// PBFT's rules, and those of what runs an engine, each broken; <see cref="BrokenRaftRules"/> has Raft's.
/// </summary>
internal static class BrokenRules
{
    private const string Agreement = "Pbft/PbftEngine.Agreement.cs";
    private const string Finality = "Pbft/PbftEngine.Finality.cs";
    private const string ViewChange = "Pbft/PbftEngine.ViewChange.cs";
    private const string Engine = "Pbft/PbftEngine.cs";
    private const string Epochs = "Pbft/PbftEngine.Epochs.cs";
    private const string Chain = "Pbft/FinalChain.cs";
    private const string Reads = "Pbft/PbftEngine.Reads.cs";
    private const string Safety = "Pbft/Safety.cs";
    private const string Gate = "Pbft/PbftGate.cs";
    private const string Votes = "Pbft/VoteSet.cs";
    private const string Pacemaker = "Pbft/Pacemaker.cs";
    private const string Replica = "Replica.cs";

    public static IReadOnlyList<BrokenRule> All { get; } =
    [
        new("a quorum is one too few", 20, new Edit(
            Votes, "Count(subject) == validators.Quorums.Quorum",
            "Count(subject) == validators.Quorums.Quorum - 1")),
        new("commits without a prepared certificate", 20, new Edit(
            Agreement,
            "effects.Promise(record, new Prepare(record.Subject), Recipients.All);",
            "effects.Promise(record, new Prepare(record.Subject), Recipients.All); "
            + "effects.Promise(record, new Commit(record.Subject), Recipients.All);")),
        new("decides on prepares", 20, new Edit(
            Agreement,
            "effects.Note(new Notice.PhaseReached(Phase.Prepared, certificate.Subject));",
            "OnCommitCertificate(certificate, effects);")),
        new("S1: votes twice in a view", 400,
            new Edit(
                Agreement,
                """
                        if (tally.Earlier is { } earlier)
                        {
                            OnPrimaryEquivocated("proposal", earlier, message, effects);
                            return;
                        }

                        if (slot.Proposal is null)
                """,
                "        if (slot.Proposal?.Hash != proposal.Block.Hash)"),
            new Edit(Agreement, " && _safety.AcceptedAt(height) is null)", ")"),
            new Edit(Safety, "if (AcceptedAt(block.Height) is not null)",
                "if (AcceptedAt(block.Height)?.Block.Hash == block.Hash)"),
            new Edit(Safety, "Invariant.Holds(views[^1].Block.Hash == accepted.Block.Hash,",
                "Invariant.Holds(true,")),
        new("S2: any parent will do", 400,
            new Edit(Safety, "return BaseIsFinal && below >= Base.Height && _final.Holds(below, parent);",
                "return true;")),
        new("S2: proposes and prepares at or below the base", 800,
            new Edit(Safety, "if (block.Height <= Base.Height || !MayBeParent(block.Parent, block.Height))",
                "if (!MayBeParent(block.Parent, block.Height))"),
            new Edit(Safety, "return BaseIsFinal && below >= Base.Height && _final.Holds(below, parent);",
                "return _final.Holds(below, parent);"),
            new Edit(Agreement, "(block.Height <= _safety.Base.Height\n                || !(parentProposed",
                "(!(parentProposed"),
            new Edit(Agreement, "return _final.Height > _safety.Base.Height\n",
                "return _final.Height >= Height.Genesis\n")),
        new("S3: commits in a view it has left", 100, new Edit(
            Safety,
            "=> VotesIn(certificate.Subject.View) ? Apply(new Certified(certificate)) : null;",
            "=> Apply(new Certified(certificate));")),
        new("S4: reports genesis instead of its highest certificate", 800, new Edit(
            Safety, "Apply(new LeftFor(target, Highest))",
            "Apply(new LeftFor(target, _epoch.StartCertificate))")),
        new("S4: forgets the certificates it has committed to", 800, new Edit(
            Safety, "                Raise(certified.Certificate);\n", "")),
        new("S5: enters views below its own", 200, new Edit(
            Safety, "=> newView.View > View || (newView.View == View && !HasEntered)", "=> true")),
        new("forgets its votes when it restarts", 200, new Edit(
            Engine,
            "        _safety.Apply(record);\n        switch (record)\n        {\n            case Accepted "
            + "accepted when accepted.Block.Height > _final.Height:",
            "        if (record is not Accepted) { _safety.Apply(record); }\n        switch (record)\n     "
            + "   {\n            case Accepted accepted when false:")),
        new("forgets when it restarts that it has left a view", 200, new Edit(
            Engine, "        _safety.Apply(record);\n        switch",
            "        if (record is not LeftFor) { _safety.Apply(record); }\n        switch")),
        new("speaks before it has written", 20, new Edit(
            Replica, "            Persist();\n            SendPromises();",
            "            SendPromises();\n            Persist();")),
        new("accepts a base below the highest report", 400, new Edit(
            Gate, "        NewView newView when newView.Timeout.Highest != newView.Base.Subject => "
            + "\"base_not_highest\",\n", "")),
        new("does not check who signed a message", 100, new Edit(
            Gate, "&& !verifier.Verify(envelope.From, promise.StatementOn(chain), envelope.Signature))",
            "&& false)")),
        new("does not check the signatures in a certificate", 200, new Edit(
            Gate, "                || !verifier.Verify(signer.Validator, statement, signer.Signature))",
            "                )")),
        new("does not check the signatures in a timeout certificate", 400, new Edit(
            Gate,
            """
                            || !verifier.Verify(
                                report.Validator, Report.StatementOn(chain, timeout.View, report.Highest),
                                report.Signature))
            """,
            "                )")),
        new("takes a certificate of any size", 200, new Edit(
            Gate, "|| certificate.Signers.Count < validators.Quorums.Quorum\n",
            "|| certificate.Signers.Count < 1\n")),
        new("takes a timeout certificate of any size", 400, new Edit(
            Gate, "if (timeout.Reports.Count < validators.Quorums.Quorum ||",
            "if (timeout.Reports.Count < 1 ||")),
        new("counts one validator twice", 20,
            new Edit(Votes, "    public Tally Add(Verified vote, Subject subject)\n    {",
                "    private int _votes;\n\n    public Tally Add(Verified vote, Subject subject)\n    {"),
            new Edit(
                Votes, "return place.Subject == subject ? default : new(null, Earlier: place.Vote);", ""),
            new Edit(Votes, "Count(subject) == validators.Quorums.Quorum",
                "++_votes == validators.Quorums.Quorum")),
        new("prepares what it has not validated", 200, new Edit(
            Agreement, "if (_pool.VerdictOf(block.Hash) == Verdict.Valid &&", "if (true &&")),
        new("forgets its votes when it compacts its journal", 400, new Edit(
            Safety, "        foreach (var accepted in AllAccepted)\n        {\n            yield return "
            + "accepted;\n        }\n", "")),
        new("forgets its view when it compacts its journal", 400, new Edit(
            Safety,
            "        if (Leaving is not null)\n        {\n            yield return Leaving;\n        }\n   "
            + "     else if (Entry is not null)",
            "        if (Entry is not null && Leaving is null && BaseIsFinal is false)")),
        new("forgets its highest certificate when it compacts its journal", 800, new Edit(
            Safety, "        yield return new Certified(Highest);\n", "")),
        new("never compacts its journal", 40, new Edit(
            Finality, "if (_bytesSinceCompaction >= _options.CompactionBytes &&",
            "if (_bytesSinceCompaction < 0 &&"))
        {
            Steps = 20_000,
        },
        new("L1: repeats itself though nothing waits", 100, new Edit(
            Engine, "(pending || _sawAhead ||", "(pending || true ||")),
        new("L2: the timer never doubles", 400, new Edit(
            Pacemaker, "* (1L << Math.Min(_failedViews, 20))", "* 1L")),
        new("L3: waits for ever for those who are past its view", 400, new Edit(
            ViewChange, "asked && asked.Target >= view ? 1 : 0", "asked && asked.Target == view ? 1 : 0")),
        new("L4: does not join f + 1", 100, new Edit(
            ViewChange, "        Join(effects);\n        OpenView(effects);", "        OpenView(effects);")),
        new("never repeats what may be lost", 100, new Edit(
            Engine, "            RepeatTo(Recipients.All, effects);\n            _pool.ForgetFetches();",
            "            _pool.ForgetFetches();")),
        new("makes no descendant for a base that waits", 100, new Edit(
            Agreement, "AllowEmpty: needsDescendant", "AllowEmpty: false && needsDescendant")),
        new("counts the window from the final head alone", 200, new Edit(
            Agreement, "Math.Max(_final.Height.Value, _safety.Base.Height.Value)", "_final.Height.Value")),
        new("holds a base's age against it", 200, new Edit(
            Agreement, "effects.ValidateBlock(block, _pool.IsVouched(hash));",
            "effects.ValidateBlock(block, false);")),
        new("keeps no block that it fetched", 400, new Edit(
            Finality, "                _pool.Add(block);\n", "")),
        new("S6: builds on a block that changes the validators before it is final", 400,
            new Edit(Chain, "IsClosed = block.Header.EndsEpoch;", "IsClosed = false;"),
            new Edit(Agreement, "is { Header.EndsEpoch: true } last)",
                "is { Header.EndsEpoch: true } last && last.Height == Height.Genesis)"),
            new Edit(Safety, "if (block.Header.ValidatorsHash != _epoch.Validators.Hash)",
                "if (block.Height == Height.Genesis)")),
        new("S6: never proposes again a base that changes the validators", 800, new Edit(
            Agreement, "            ProposeAgain(last, effects);\n", "")),
        new("goes on in the epoch that is over", 200, new Edit(
            Epochs, "if (epoch.Number <= _epoch.Number)",
            "if (epoch.Number <= _epoch.Number || epoch.Number > 0)")),
        new("goes on voting when it is no validator any more", 400,
            new Edit(Epochs, "        _self = self;\n",
                "        _self = self == ValidatorIndex.None ? _self : self;\n"),
            new Edit(Engine, "public bool IsMember => Validators.Contains(_self);",
                "public bool IsMember => _self != ValidatorIndex.None;")),
        new("counts the votes of the epoch before", 800, new Edit(
            Epochs, "        _slots = new(epoch.Validators);\n        _viewChanges = new "
            + "Verified?[epoch.Validators.Seats];\n",
            "        Array.Resize(ref _viewChanges, epoch.Validators.Seats);\n")),
        new("L5: serves a read that no quorum has answered", 100, new Edit(
            Reads, "if (Answered < ", "if (Answered < 1 && Answered < ")),
        new("L5: tells readers of genesis instead of what it has committed to", 400, new Edit(
            Reads, "new ReadAnswer(query.Question, CommittedTo,",
            "new ReadAnswer(query.Question, _epoch.StartCertificate,")),
        new("L5: takes what it was told before for an answer", 800, new Edit(
            Reads, "answer.Question != _question", "answer.Question == 0")),
        new("L5: lets a read share a question that was put before it came", 2000, new Edit(
            Reads, "        _nextReads.Add(id);\n        if (_reads.Count == 0)",
            "        if (_reads.Count > 0)\n        {\n            _reads.Add(id);\n            return;\n  "
            + "      }\n\n"
            + "        _nextReads.Add(id);\n        if (_reads.Count == 0)")),
    ];
}
