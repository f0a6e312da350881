namespace Ledger.Tidy.Tests;

/// <summary>
/// Blanks what the compiler does not read as code, comments and the contents of strings, so that a rule about
/// code is not broken by words about it. The holes of interpolated strings stay: they are code.
/// </summary>
public sealed class CodeText
{
    private readonly string _text;
    private readonly char[] _code;
    private int _at;

    private CodeText(string text)
    {
        _text = text;
        _code = text.ToCharArray();
    }

    public static string Of(string text)
    {
        CodeText reader = new(text);
        reader.ReadCode(untilBrace: false);
        return new(reader._code);
    }

    private void ReadCode(bool untilBrace)
    {
        var depth = 0;
        while (_at < _text.Length)
        {
            if (Starts("//"))
            {
                BlankUntil("\n", including: false);
            }
            else if (Starts("/*"))
            {
                BlankUntil("*/", including: true);
            }
            else if (Starts("'"))
            {
                ReadCharacter();
            }
            else if (Starts("\"") || Starts("$") || Starts("@"))
            {
                ReadString();
            }
            else
            {
                depth += _text[_at] switch { '{' => 1, '}' => -1, _ => 0 };
                if (untilBrace && depth < 0)
                {
                    return;
                }

                _at++;
            }
        }
    }

    private void ReadCharacter()
    {
        _at++;
        while (_at < _text.Length && _text[_at] != '\'')
        {
            Blank(_text[_at] == '\\' ? 2 : 1);
        }

        _at++;
    }

    private void ReadString()
    {
        var (dollars, verbatim) = (0, false);
        while (_at < _text.Length && _text[_at] is '$' or '@')
        {
            dollars += _text[_at] == '$' ? 1 : 0;
            verbatim |= _text[_at] == '@';
            _at++;
        }

        var quotes = Run('"');
        if (quotes is 0 or 2)
        {
            // An escaped name such as @event, or an empty string.
            _at += quotes;
            return;
        }

        _at += quotes;
        while (_at < _text.Length && (Run('"') < quotes || (verbatim && Starts("\"\""))))
        {
            ReadStringCharacter(dollars, verbatim, isRaw: quotes > 1);
        }

        _at += quotes;
    }

    private void ReadStringCharacter(int dollars, bool verbatim, bool isRaw)
    {
        var braces = dollars > 0 ? Run('{') : 0;
        if (braces > 0 && (isRaw ? braces >= dollars : braces % 2 == 1))
        {
            Blank(braces);
            ReadCode(untilBrace: true);
            Blank(isRaw ? dollars : 1);
        }
        else if (braces > 0)
        {
            Blank(braces);
        }
        else
        {
            var escaped = verbatim ? Starts("\"\"") : !isRaw && Starts("\\");
            Blank(escaped ? 2 : 1);
        }
    }

    private int Run(char wanted)
    {
        var length = 0;
        while (_at + length < _text.Length && _text[_at + length] == wanted)
        {
            length++;
        }

        return length;
    }

    private bool Starts(string wanted) => string.CompareOrdinal(_text, _at, wanted, 0, wanted.Length) == 0;

    private void BlankUntil(string end, bool including)
    {
        var found = _text.IndexOf(end, _at, StringComparison.Ordinal);
        var stop = found < 0 ? _text.Length : found + (including ? end.Length : 0);
        Blank(stop - _at);
    }

    private void Blank(int count)
    {
        for (var last = Math.Min(_at + count, _text.Length); _at < last; _at++)
        {
            _code[_at] = _text[_at] is '\n' or '\r' ? _text[_at] : ' ';
        }
    }
}
